// The other end of the queue: messages in, rows in a sink out, acknowledged once they are committed. While the sink is away
// messages stay unacknowledged here, a few of them; a record that the sink refuses becomes a dead letter alone. Messages
// that are no batches go to the dead-letter queue.

import type { Channel, ConsumeMessage } from 'amqplib';
import { type BatchMessage, decodeMessage } from '../../src/deliver/batch-codec.ts';
import { BatchWriter, type DeliveryState } from '../../src/deliver/batch-writer.ts';
import type { Item } from '../../src/deliver/item.ts';
import type { Batch, Sink } from '../../src/deliver/sink.ts';
import type { AbsorbedRow, DeadLetterRow } from '../../src/record/row.ts';
import { type Link, openLink } from './connection.ts';
import { DEFAULT_QUEUE, declareQueues, shardQueue } from './topology.ts';

export interface ConsumerOptions {
  url: string;
  queue?: string;
  shard?: number;
  sink: Sink;
  /**
   * Messages that are here unacknowledged, at most 1 MiB of rows each. Default 1: they are dealt with one after the other,
   * and what is here beside a message that kills workers shares its deliveries, and its end in the dead-letter queue.
   */
  prefetch?: number;
  onProblem: (message: string) => void;
  random?: () => number;
}

export interface ConsumerStats {
  messages: number;
  stored: number;
  duplicates: number;
  deadLettered: number;
  /** Messages that are no batches. */
  rejected: number;
  reconnects: number;
  state: DeliveryState | 'disconnected';
}

export interface BatchConsumer {
  stats(): ConsumerStats;
  /** Takes no more, deals with the message under way, gives the others back. */
  close(): Promise<void>;
}

const FIRST_WAIT_MILLIS = 200;
const LONGEST_WAIT_MILLIS = 10_000;
/** Lists whose rows have an event_id of their own; an amendment or an absorbed row has that of another item. */
const NAMED = new Set(['logs', 'counts', 'calls']);

/** Comes back when the sink is open; connects to the broker, and again whenever it has to, until it is closed. */
export async function consumeBatches(options: ConsumerOptions): Promise<BatchConsumer> {
  const consumer = new Consumer(options);
  await consumer.start();
  return consumer;
}

class Consumer implements BatchConsumer {
  readonly #options: ConsumerOptions;
  readonly #writer: BatchWriter;
  #link: Link<Channel> | undefined;
  #chain: Promise<void> = Promise.resolve();
  #messages = 0;
  #rejected = 0;
  #reconnects = 0;
  #closed = false;
  /** Ends each sleep that is going on: of the writer, and of the connection. */
  readonly #sleeps = new Set<() => void>();
  #running: Promise<void> | undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#writer = new BatchWriter({
      sink: options.sink,
      batchRows: 1000,
      batchBytes: 2 * 1024 * 1024,
      configMillis: 15_000,
      random: options.random ?? Math.random,
      sleep: (millis) => this.#sleep(millis),
      onProblem: options.onProblem,
      onState: () => {},
    });
  }

  async start(): Promise<void> {
    await this.#writer.open();
    this.#running = this.#stayConnected();
  }

  stats(): ConsumerStats {
    const { stored, duplicates, deadLettered, state } = this.#writer;
    return {
      ...{ messages: this.#messages, stored, duplicates, deadLettered, rejected: this.#rejected },
      reconnects: this.#reconnects,
      state: this.#link === undefined || this.#link.ended ? 'disconnected' : state,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#writer.closed = true;
    for (const wake of this.#sleeps) wake();
    await this.#chain;
    await this.#link?.close();
    await this.#running;
  }

  async #stayConnected(): Promise<void> {
    const { url, queue = DEFAULT_QUEUE, shard = 0, prefetch = 1, onProblem } = this.#options;
    const random = this.#options.random ?? Math.random;
    for (let wait = FIRST_WAIT_MILLIS; !this.#closed; ) {
      try {
        this.#link = await openLink(url, 'plain');
        const { channel, over } = this.#link;
        await declareQueues(channel, queue, shard);
        await channel.prefetch(prefetch);
        wait = FIRST_WAIT_MILLIS;
        // Still at work on one of the connection before: taken again now, each would count as a death.
        await Promise.race([this.#chain, over]);
        await channel.consume(shardQueue(queue, shard), (message) => this.#take(channel, message));
        // Closed while this was connecting.
        if (this.#closed) await this.#link.close();
        const why = await over;
        if (!this.#closed) onProblem(`queue: ${why.message}; connecting again`);
      } catch (error) {
        onProblem(`queue: ${(error as Error).message}`);
        await this.#link?.close();
      }
      if (this.#closed) return;
      this.#reconnects++;
      await this.#sleep(wait * (0.5 + random() / 2));
      wait = Math.min(LONGEST_WAIT_MILLIS, wait * 2);
    }
  }

  /** One after the other: an amendment comes after its row. Null: the queue was deleted. */
  #take(channel: Channel, message: ConsumeMessage | null): void {
    if (message === null) {
      void this.#link?.close();
      return;
    }
    this.#chain = this.#chain
      .then(() => this.#handle(channel, message))
      .catch((error) => this.#options.onProblem(`queue: ${(error as Error).message}`));
  }

  async #handle(channel: Channel, message: ConsumeMessage): Promise<void> {
    // Of a connection that ended: the broker gives it to whoever connects next.
    if (this.#closed || this.#link?.channel !== channel || this.#link.ended) return;
    let open = 0;
    let items: Item[];
    try {
      items = itemsOf(decodeMessage(message.content.toString()), () => open--);
    } catch (error) {
      this.#rejected++;
      this.#options.onProblem(`queue: a message is no batch and was put aside: ${(error as Error).message}`);
      channel.nack(message, false, false);
      return;
    }
    open = items.length;
    await this.#writer.deliver(items);
    // Closed in the middle: it stays with the broker.
    if (open > 0) return;
    this.#messages++;
    if (this.#link?.channel === channel && !this.#link.ended) channel.ack(message);
  }

  #sleep(millis: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#sleeps.delete(end);
        resolve();
      };
      const timer = setTimeout(end, millis);
      this.#sleeps.add(end);
    });
  }
}

/**
 * One item a row, in the order of the batch's lists, so that a row which is refused is refused alone; with it the rows that
 * are part of it, which the ledger counts when it is new.
 */
function itemsOf({ batch, letters }: BatchMessage, done: () => void): Item[] {
  if (letters !== undefined)
    return letters.map((letter) => ({
      ...{ rows: { absorbed: letter.absorbed }, rowCount: 1, sizeBytes: letter.raw.length },
      ...{ deadReason: letter.reason, source: sourceOfLetter(letter), done },
    }));
  const parts = new Map(batch.logs.map(({ event_id }) => [event_id, [] as AbsorbedRow[]]));
  for (const row of batch.absorbed) parts.get(row.into)?.push(row);
  const lists = { ...batch, absorbed: batch.absorbed.filter(({ into }) => !parts.has(into)) };
  return Object.entries(lists as unknown as Record<string, AnyRow[]>).flatMap(([name, rows]) =>
    rows.map((row) => {
      const absorbed = name === 'logs' ? parts.get(row.event_id!) : undefined;
      return {
        rows: { [name]: [row], ...(absorbed?.length ? { absorbed } : {}) } as Partial<Batch>,
        ...{ rowCount: 1, sizeBytes: 0, done },
        source: sourceOf(name, row),
      };
    }),
  );
}

interface AnyRow {
  event_id?: string;
  process?: string;
  service?: string;
  accepted?: number;
  merged?: number;
  acceptance?: number;
  count?: number;
}

function sourceOfLetter({ reason, absorbed, ...source }: DeadLetterRow): Item['source'] {
  return { ...source, occurrences: source.occurrences ?? (source.kind === 'log' ? 1 : 0) };
}

/** What a dead letter would show; made when there is one. */
function sourceOf(list: string, row: AnyRow): Item['source'] {
  const { process, service, accepted, merged, acceptance } = row;
  return {
    event_id: NAMED.has(list) ? row.event_id : undefined,
    ...{ process, service, accepted, merged, acceptance },
    kind: list === 'logs' ? 'row' : list,
    occurrences: list === 'logs' ? 1 : list === 'counts' ? (row.count ?? 0) : 0,
    get raw() {
      return JSON.stringify(row);
    },
  };
}
