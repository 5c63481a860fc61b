// Writes items to the sink until each is stored, dead-lettered or given up by name. In: items in order. Out: `done` on each.
// Comes back only when all are dealt with, or when it is closed; then the journal still has the rest.

import { BatchSize } from './batch-size.ts';
import { type BatchLimits, type Item, toBatch, toDeadLetter, withoutText } from './item.ts';
import { backoffMillis, kindOf, nextMove } from './retry.ts';
import type { Batch, Sink } from './sink.ts';

export type DeliveryState = 'idle' | 'shipping' | 'outage' | 'config';

export interface BatchWriterOptions {
  sink: Sink;
  batchRows: number;
  batchBytes: number;
  /** Pause between attempts to open a sink that said `config`. */
  configMillis: number;
  random: () => number;
  /** Waits, or is cut short by `close`. */
  sleep: (millis: number) => Promise<void>;
  onProblem: (message: string) => void;
  onState: (state: DeliveryState) => void;
}

/** After so long without trouble the same trouble is news. A sink that comes and goes more often is said once. */
const QUIET_MILLIS = 60_000;

type Send = (items: Item[]) => Promise<void>;

export class BatchWriter {
  state: DeliveryState = 'idle';
  lastError: string | undefined;
  /** Rows of logs that were new, and that were there already. */
  stored = 0;
  duplicates = 0;
  /** Occurrences that are counted only. */
  aggregated = 0;
  deadLettered = 0;
  /** Dead letters that the sink refused even so. */
  refused = 0;
  closed = false;
  readonly #options: BatchWriterOptions;
  readonly #said = new Set<string>();
  #troubleAt = Number.NEGATIVE_INFINITY;
  /** Something was sent since the last trouble. */
  #isOver = false;
  readonly #size: BatchSize;
  #attempt = 0;
  #prepared: { items: Item[]; batch: Batch } | undefined;

  constructor(options: BatchWriterOptions) {
    this.#options = options;
    this.#size = new BatchSize({ rows: options.batchRows, bytes: options.batchBytes });
  }

  /** Comes back when the sink is open, or this is closed. */
  async open(): Promise<void> {
    while (!this.closed) {
      try {
        await this.#options.sink.open();
        this.#attempt = 0;
        // Said even if nothing changed: whoever listens learns that the start is over.
        this.state = 'idle';
        this.#options.onState('idle');
        return;
      } catch (error) {
        await this.#trouble(error);
      }
    }
  }

  /** What a batch may have now. */
  get limits(): BatchLimits {
    return this.#size.limits;
  }

  /** These will be delivered next: what can be done without the sink's other side is done now. */
  prepare(items: Item[]): void {
    if (items.length === 0 || items.some(isDead)) return;
    this.#prepared = { items, batch: toBatch(items) };
    this.#options.sink.prepare?.(this.#prepared.batch);
  }

  async deliver(items: Item[]): Promise<void> {
    this.#enter(this.state === 'idle' ? 'shipping' : this.state);
    const dead = items.filter(isDead);
    const good = dead.length > 0 ? items.filter((item) => !isDead(item)) : items;
    await this.#each(good, this.#write, (item, error) => {
      item.deadReason = messageOf(error);
      return this.#bury([item]);
    });
    await this.#bury(dead);
    if (!this.closed) this.#enter('idle');
  }

  /** A stack of groups in order: the top one goes next, halves replace the group they came from. */
  async #each(items: Item[], send: Send, refuse: (item: Item, error: unknown) => Promise<void>): Promise<void> {
    const stack = items.length > 0 ? [items] : [];
    while (stack.length > 0 && !this.closed) {
      const group = stack.pop()!;
      const start = performance.now();
      try {
        await send(group);
        this.#attempt = 0;
        this.#isOver = true;
        this.#size.wrote(performance.now() - start);
        if (this.state !== 'shipping') this.#enter('shipping');
        for (const item of group) item.done();
      } catch (error) {
        const move = nextMove(kindOf(error), group.length);
        const middle = Math.ceil(group.length / 2);
        if (move === 'bury') {
          await refuse(group[0]!, error);
          continue;
        }
        if (move === 'split' || move === 'halve') stack.push(group.slice(middle), group.slice(0, middle));
        else stack.push(group);
        if (move === 'halve') this.#size.reduce(middle);
        if (move !== 'split') await this.#trouble(error);
      }
    }
  }

  #write: Send = async (group) => {
    const batch = this.#prepared?.items === group ? this.#prepared.batch : toBatch(group);
    const result = await this.#options.sink.write(batch);
    if (this.#prepared?.batch === batch) this.#prepared = undefined;
    this.stored += result.insertedLogs;
    this.duplicates += result.duplicateLogs;
    this.aggregated += result.aggregated ?? 0;
  };

  #bury(items: Item[]): Promise<void> {
    const { sink } = this.#options;
    const send: Send = async (group) => {
      await sink.deadLetter(group.map((item) => toDeadLetter(item, item.deadReason!)));
      this.deadLettered += group.length;
    };
    // Not even as a letter: then the letter says so without the record. What is refused all the same is named, counted
    // and left (in the ledger it is lost), since nothing may block the journal for ever.
    return this.#each(items, send, (item, error) => {
      item.source = withoutText(item.source);
      item.deadReason = `${item.deadReason}; as a dead letter: ${messageOf(error)}`;
      return this.#each([item], send, async (_, again) => {
        this.refused++;
        this.#say(`a record was refused, also as a dead letter: ${messageOf(again)}`);
        item.done();
      });
    });
  }

  async #trouble(error: unknown): Promise<void> {
    const kind = kindOf(error);
    this.lastError = messageOf(error);
    if (this.closed) return;
    const now = performance.now();
    if (this.#isOver && now - this.#troubleAt >= QUIET_MILLIS) this.#said.clear();
    this.#isOver = false;
    this.#troubleAt = now;
    // Said first: an application that ends does not wait any more once it sees the state.
    this.#say(this.lastError);
    this.#enter(kind === 'config' ? 'config' : 'outage');
    if (kind !== 'config') return this.#options.sleep(backoffMillis(this.#attempt++, this.#options.random));
    await this.#options.sleep(this.#options.configMillis);
    if (!this.closed) await this.#reopen();
  }

  /** After a `config` failure the other side has to be made ready anew; a failure here waits like any other. */
  async #reopen(): Promise<void> {
    try {
      await this.#options.sink.open();
    } catch (error) {
      await this.#trouble(error);
    }
  }

  /** Once per distinct message and outage; bounded, since messages may carry changing numbers. */
  #say(message: string): void {
    if (this.#said.has(message)) return;
    if (this.#said.size >= 100) this.#said.clear();
    this.#said.add(message);
    this.#options.onProblem(message);
  }

  #enter(state: DeliveryState): void {
    if (state === this.state) return;
    this.state = state;
    this.#options.onState(state);
  }
}

function isDead(item: Item): boolean {
  return item.deadReason !== undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
