// Writes items to the sink until each is stored, dead-lettered or given up by name. In: items in order. Out: `done` on each.
// Comes back only when all are dealt with, or when it is closed; then the journal still has the rest.

import { type Item, toBatch, toDeadLetter } from './item.ts';
import { backoffMillis, kindOf, nextMove } from './retry.ts';
import type { Sink } from './sink.ts';

export type DeliveryState = 'idle' | 'shipping' | 'outage' | 'config';

export interface BatchWriterOptions {
  sink: Sink;
  batchRows: number;
  /** Pause between attempts to open a sink that said `config`. */
  configMillis: number;
  random: () => number;
  /** Waits, or is cut short by `close`. */
  sleep: (millis: number) => Promise<void>;
  onProblem: (message: string) => void;
  onState: (state: DeliveryState) => void;
}

type Send = (items: Item[]) => Promise<void>;

export class BatchWriter {
  state: DeliveryState = 'idle';
  lastError: string | undefined;
  /** Rows of logs that were new, and that were there already. */
  stored = 0;
  duplicates = 0;
  deadLettered = 0;
  /** Dead letters that the sink refused even so. */
  refused = 0;
  /** Rows a batch may have now; smaller while the sink is slow. */
  maxRows: number;
  closed = false;
  readonly #options: BatchWriterOptions;
  readonly #said = new Set<string>();
  #attempt = 0;

  constructor(options: BatchWriterOptions) {
    this.#options = options;
    this.maxRows = options.batchRows;
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

  async deliver(items: Item[]): Promise<void> {
    this.#enter(this.state === 'idle' ? 'shipping' : this.state);
    const good = items.filter((item) => item.deadReason === undefined);
    const dead = items.filter((item) => item.deadReason !== undefined);
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
      try {
        await send(group);
        this.#attempt = 0;
        this.maxRows = Math.min(this.#options.batchRows, this.maxRows * 2);
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
        if (move === 'halve') this.maxRows = middle;
        if (move !== 'split') await this.#trouble(error);
      }
    }
  }

  #write: Send = async (group) => {
    const result = await this.#options.sink.write(toBatch(group));
    this.stored += result.insertedLogs;
    this.duplicates += result.duplicateLogs;
  };

  #bury(items: Item[]): Promise<void> {
    const { sink } = this.#options;
    const send: Send = async (group) => {
      await sink.deadLetter(group.map((item) => toDeadLetter(item, item.deadReason!)));
      this.deadLettered += group.length;
    };
    // Neither row nor letter: nothing may block the journal for ever, so it is named, counted and left.
    return this.#each(items, send, async (item, error) => {
      this.refused++;
      this.#say(`a record was refused, also as a dead letter: ${messageOf(error)}`);
      item.done();
    });
  }

  async #trouble(error: unknown): Promise<void> {
    const kind = kindOf(error);
    this.lastError = messageOf(error);
    if (this.closed) return;
    this.#enter(kind === 'config' ? 'config' : 'outage');
    this.#say(this.lastError);
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

  /** Once per distinct message; bounded, since messages may carry changing numbers. */
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
