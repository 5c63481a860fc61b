// The delivery loop: finds journals, follows them, fills batches, hands them to the writer, acknowledges. In: a folder and a
// sink. Out: rows in the sink, journals that shrink. Memory is bounded: nothing is read while a batch is waiting.

import { dirname, resolve } from 'node:path';
import { BatchWriter } from './batch-writer.ts';
import { FlushRequests } from './flush-requests.ts';
import { Follower } from './follower.ts';
import { HoldBudget } from './hold.ts';
import { type Item, takeBatch } from './item.ts';
import { type JournalFinder, scanJournals } from './scan.ts';
import type { ShipperOptions, ShipperStats } from './shipper-options.ts';

export class Shipper {
  readonly #options: ShipperOptions;
  readonly #followers = new Map<string, Follower>();
  readonly #budget: HoldBudget;
  readonly #writer: BatchWriter;
  readonly #requests = new FlushRequests();
  readonly #problems = new Set<string>();
  readonly #folders = new Set<string>();
  #queue: Item[] = [];
  #merged = 0;
  #mergedLate = 0;
  #torn = 0;
  #scannedAt = Number.NEGATIVE_INFINITY;
  #closed = false;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #stop: (() => void) | undefined;
  #woken = false;

  constructor(options: ShipperOptions) {
    this.#options = options;
    this.#folders.add(resolve(options.dir));
    this.#budget = new HoldBudget(options.holdRows ?? 2000, options.holdBytes ?? 8 * 1024 * 1024);
    this.#writer = new BatchWriter({
      sink: options.sink,
      batchRows: options.batchRows ?? 500,
      configMillis: options.configMillis ?? 15_000,
      random: options.random ?? Math.random,
      sleep: (millis) => this.#sleep(millis, false),
      onProblem: (message) => options.onProblem?.(message),
      onState: (state) => options.onState?.(state),
    });
    if (options.own) this.follow(options.own);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Follows a live journal of this process. */
  follow(journalDir: string): void {
    const path = resolve(journalDir);
    // A journal that had to go elsewhere: what died there before is found there too.
    this.#folders.add(dirname(dirname(path)));
    if (!this.#followers.has(path)) this.#add(path, false);
  }

  /** Looks at once instead of at the next poll. */
  wake(): void {
    this.#woken = true;
    this.#wake?.();
  }

  /** True when all that was in the journals at the call is stored; false when the time is over or delivery is closed. */
  flush(timeoutMillis: number, { releaseHeld = false } = {}): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    const flushed = this.#requests.add(timeoutMillis, releaseHeld);
    this.#scannedAt = Number.NEGATIVE_INFINITY;
    this.wake();
    return flushed;
  }

  stats(): ShipperStats {
    const { stored, duplicates, deadLettered, refused, state, lastError } = this.#writer;
    const followers = [...this.#followers.values()];
    return {
      stored,
      duplicates,
      merged: this.#merged,
      mergedLate: this.#mergedLate,
      deadLettered,
      refused,
      torn: followers.reduce((sum, follower) => sum + follower.counts.torn, this.#torn),
      held: this.#budget.rows,
      pendingBytes: followers.reduce((sum, follower) => sum + follower.pendingBytes(), 0),
      journals: followers.length,
      state,
      lastError,
    };
  }

  /** Stops after the write in flight; what is not stored stays in the journals. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#writer.closed = true;
    this.#stop?.();
    this.wake();
    await this.#running;
    this.#requests.rejectAll();
    for (const follower of this.#followers.values()) follower.close();
    this.#followers.clear();
    await this.#options.sink.close();
  }

  async #run(): Promise<void> {
    await this.#writer.open();
    while (!this.#closed) {
      const busy = await this.#round().catch((error) => this.#problem('internal', error));
      if (!busy && !this.#closed) await this.#sleep(this.#options.pollMillis ?? 100, true);
    }
  }

  /** True when there may be more to do at once. */
  async #round(): Promise<boolean> {
    const now = performance.now();
    this.#woken = false;
    if (now - this.#scannedAt >= (this.#options.scanMillis ?? (this.#options.mode === 'owner' ? 2000 : 5000))) {
      this.#scannedAt = now;
      this.#scan();
    }
    this.#requests.begin(this.#followers.values());
    const more = this.#fill(now);
    if (this.#queue.length > 0) {
      const limits = { rows: this.#writer.maxRows, bytes: this.#options.batchBytes ?? 1024 * 1024 };
      await this.#writer.deliver(takeBatch(this.#queue, limits));
    }
    for (const follower of this.#followers.values()) {
      follower.acknowledge();
      if (follower.isFinished) this.#remove(follower);
    }
    this.#requests.answer();
    return more || this.#queue.length > 0 || this.#woken;
  }

  /** Reads round about, one chunk a journal, until a batch is full or nothing is left. True: something may be left. */
  #fill(now: number): boolean {
    const maxRows = this.#options.batchRows ?? 500;
    const maxBytes = this.#options.batchBytes ?? 1024 * 1024;
    let rows = this.#queue.length;
    let bytes = this.#queue.reduce((sum, item) => sum + item.sizeBytes, 0);
    const followers = [...this.#followers.values()];
    const waiting = new Set(followers);
    while (waiting.size > 0) {
      for (const follower of waiting) {
        if (rows >= maxRows || bytes >= maxBytes) return true;
        for (const item of this.#pump(follower, now)) {
          this.#queue.push(item);
          rows += item.rowCount;
          bytes += item.sizeBytes;
        }
        if (follower.drained || follower.isResting(now)) waiting.delete(follower);
      }
    }
    return false;
  }

  #pump(follower: Follower, now: number): Item[] {
    try {
      const items = follower.pump(now);
      if (follower.drained && this.#requests.reachedEnd(follower)) items.push(...follower.releaseHeld());
      return items;
    } catch (error) {
      this.#problem(follower.dir, error);
      return [];
    }
  }

  #scan(): void {
    const finder: JournalFinder = {
      mode: this.#options.mode,
      followed: this.#followers,
      follow: (journalDir, writerGone) => this.#add(journalDir, writerGone),
    };
    for (const folder of this.#folders) scanJournals(folder, finder);
  }

  #add(journalDir: string, writerGone: boolean): void {
    const onMerged = (written: boolean) => {
      if (written) this.#mergedLate++;
      else this.#merged++;
    };
    const { rules, holdMillis = 5000 } = this.#options;
    this.#followers.set(
      journalDir,
      new Follower(journalDir, writerGone, { rules, budget: this.#budget, holdMillis, onMerged }),
    );
  }

  #remove(follower: Follower): void {
    follower.remove();
    this.#torn += follower.counts.torn;
    this.#followers.delete(follower.dir);
  }

  #problem(kind: string, error: unknown): false {
    if (!this.#problems.has(kind))
      this.#options.onProblem?.(`delivery: ${error instanceof Error ? error.message : error}`);
    this.#problems.add(kind);
    return false;
  }

  #sleep(millis: number, wakeable: boolean): Promise<void> {
    if (this.#closed || (wakeable && this.#woken)) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        this.#stop = undefined;
        resolve();
      };
      const timer = setTimeout(end, millis);
      this.#stop = end;
      if (wakeable) this.#wake = end;
    });
  }
}
