// The delivery loop: finds journals, follows them, fills batches, hands them to the writer, acknowledges. In: a folder and a
// sink. Out: rows in the sink, journals that shrink. Memory is bounded: one batch is read ahead of the one being written.

import { dirname, resolve } from 'node:path';
import { Archive } from '../journal/archive.ts';
import type { LossEntry } from '../journal/entry.ts';
import { BatchWriter } from './batch-writer.ts';
import { FlushRequests } from './flush-requests.ts';
import { Follower, type FollowerOptions } from './follower.ts';
import { HoldBudget } from './hold.ts';
import { type Item, takeBatch } from './item.ts';
import { adoptedCount, isLastJournal, type JournalFinder, scanJournals } from './scan.ts';
import { Settlement } from './settlement.ts';
import type { ShipperOptions, ShipperStats } from './shipper-options.ts';

/** Bound at load: fake timers of a test framework must not stop delivery. */
const turn = (): Promise<void> => new Promise((later) => setImmediate(later));

export class Shipper {
  readonly #options: ShipperOptions;
  readonly #followers = new Map<string, Follower>();
  readonly #budget: HoldBudget;
  readonly #writer: BatchWriter;
  readonly #requests = new FlushRequests();
  readonly #problems = new Set<string>();
  readonly #folders = new Set<string>();
  readonly #archive: Archive | undefined;
  readonly #settlement: Settlement;
  #queue: Item[] = [];
  #delivering: Promise<void> | undefined;
  /** When the last batch was sent. */
  #beganAt = Number.NEGATIVE_INFINITY;
  #merged = 0;
  readonly #losses = { lostFrames: 0, lostOccurrences: 0, quarantinedFrames: 0, quarantinedOccurrences: 0 };
  #torn = 0;
  #scannedAt = Number.NEGATIVE_INFINITY;
  #orphansLeft = false;
  #closed = false;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #stop: (() => void) | undefined;
  #woken = false;

  constructor(options: ShipperOptions) {
    this.#options = options;
    this.#folders.add(resolve(options.dir));
    const { archive } = options;
    if (archive) this.#archive = new Archive(options.dir, archive, (message) => this.#problem('archive', message));
    this.#budget = new HoldBudget(options.holdRows ?? 2000, options.holdBytes ?? 8 * 1024 * 1024);
    this.#writer = new BatchWriter({
      sink: options.sink,
      batchRows: options.batchRows ?? 1_000,
      batchBytes: options.batchBytes ?? 2 * 1024 * 1024,
      configMillis: options.configMillis ?? 15_000,
      random: options.random ?? Math.random,
      sleep: (millis) => this.#sleep(millis, false),
      onProblem: (message) => options.onProblem?.(message),
      onState: (state) => options.onState?.(state),
    });
    this.#settlement = new Settlement({
      settle: options.sink.settle?.bind(options.sink),
      everyMillis: options.settleMillis ?? 2_000,
      release: (follower, reached, isFinished) => {
        follower.acknowledge(reached);
        if (isFinished) this.#remove(follower);
      },
      onProblem: (error) => this.#problem('settle', error),
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
    const { stored, duplicates, aggregated, deadLettered, refused, state, lastError } = this.#writer;
    const followers = [...this.#followers.values()];
    return {
      stored,
      duplicates,
      aggregated,
      merged: this.#merged,
      deadLettered,
      refused,
      torn: followers.reduce((sum, follower) => sum + follower.counts.torn, this.#torn),
      ...this.#losses,
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
      const rest = await this.#round().catch((error) => {
        this.#problem('internal', error);
        return this.#pollMillis;
      });
      if (rest > 0 && !this.#closed) await this.#sleep(rest, true);
    }
    await this.#delivering;
    await this.#settlement.finish([...this.#followers.values()]);
  }

  /** @returns for how many milliseconds nothing has to be looked at */
  async #round(): Promise<number> {
    const now = performance.now();
    this.#woken = false;
    if (now - this.#scannedAt >= (this.#options.scanMillis ?? (this.#options.mode === 'owner' ? 2000 : 5000))) {
      this.#scannedAt = now;
      await this.#scan();
    }
    this.#requests.begin([...this.#followers.values()]);
    // While this is read and prepared, the batch before is on its way.
    const more = await this.#fill(now);
    const isHurried = more || !this.#requests.isEmpty;
    const underWay = this.#delivering;
    // A few rows wait for others: until that batch is stored, and a while since it began.
    const isPacing = !isHurried && (underWay !== undefined || this.#pace > 0);
    const next = this.#queue.length > 0 && !isPacing ? takeBatch(this.#queue, this.#writer.limits) : [];
    if (underWay) this.#writer.prepare(next);
    await underWay;
    this.#delivering = next.length > 0 && !this.#closed ? this.#deliver(next) : undefined;
    // Files are written and removed while the next batch is on its way, too: 1 to 3 ms.
    if (this.#delivering) await turn();
    this.#settlement.note([...this.#followers.values()]);
    this.#requests.answer();
    if (more || this.#woken || this.#delivering) return 0;
    if (this.#pace > 0) return this.#pace;
    return this.#queue.length > 0 || underWay ? 0 : this.#pollMillis;
  }

  get #pollMillis(): number {
    return this.#options.pollMillis ?? 100;
  }

  /** Milliseconds until a few rows are enough for a batch: each has a price beside its rows. */
  get #pace(): number {
    return this.#beganAt + this.#pollMillis - performance.now();
  }

  /** Never rejects, since nobody waits for it at once. */
  async #deliver(items: Item[]): Promise<void> {
    this.#beganAt = performance.now();
    try {
      await this.#writer.deliver(items);
    } catch (error) {
      this.#problem('internal', error);
    }
  }

  /** Reads round about, one chunk a journal, until a batch is full or nothing is left. True: something may be left. */
  async #fill(now: number): Promise<boolean> {
    const limits = this.#writer.limits;
    let rows = this.#queue.length;
    let bytes = this.#queue.reduce((sum, item) => sum + item.sizeBytes, 0);
    const followers = [...this.#followers.values()];
    const waiting = new Set(followers);
    while (waiting.size > 0) {
      for (const follower of waiting) {
        if (rows >= limits.rows || bytes >= limits.bytes) return true;
        for (const item of this.#pump(follower, now)) {
          this.#queue.push(item);
          rows += item.rowCount;
          bytes += item.sizeBytes;
        }
        if (follower.drained || follower.isResting(now)) waiting.delete(follower);
        // A chunk takes milliseconds, in which nothing is sent or received.
        if (this.#delivering) await turn();
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

  async #scan(): Promise<void> {
    const finder: JournalFinder = {
      mode: this.#options.mode,
      followed: this.#followers,
      follow: (journalDir, writerGone) => this.#add(journalDir, writerGone),
      refuse: ({ path, why }) => this.#problem(why, `${path} ${why} and is left alone`),
    };
    this.#orphansLeft = false;
    for (const folder of this.#folders) if (await scanJournals(folder, finder)) this.#orphansLeft = true;
  }

  #add(journalDir: string, writerGone: boolean): void {
    const { rules, holdMillis = 5000 } = this.#options;
    const options: FollowerOptions = {
      rules,
      budget: this.#budget,
      holdMillis,
      archive: this.#archive,
      onAbsorbed: () => {
        this.#merged++;
      },
      isLastOf: (process, path) => isLastJournal(process, path, this.#followers),
      onLost: (loss) => this.#lost(loss),
    };
    this.#followers.set(journalDir, new Follower(journalDir, writerGone, options));
  }

  #lost({ reason, loss, path }: LossEntry): void {
    if (reason === 'damaged') {
      this.#losses.lostFrames += loss.frames;
      this.#losses.lostOccurrences += loss.occurrences;
      this.#problem(reason, 'a journal is damaged; what is missing is counted');
      return;
    }
    this.#losses.quarantinedFrames += loss.frames;
    this.#losses.quarantinedOccurrences += loss.occurrences;
    this.#problem(reason, `a journal of another version of Rowtrace was put aside: ${path}`);
  }

  #remove(follower: Follower): void {
    follower.remove();
    this.#requests.removed(follower);
    this.#torn += follower.counts.torn;
    this.#followers.delete(follower.dir);
    // Two thousand crashed processes would take twenty minutes, a few in each scan.
    if (!this.#orphansLeft || adoptedCount(this.#followers) > 0) return;
    this.#scannedAt = Number.NEGATIVE_INFINITY;
    this.#woken = true;
  }

  #problem(kind: string, error: unknown): void {
    if (!this.#problems.has(kind))
      this.#options.onProblem?.(`delivery: ${error instanceof Error ? error.message : error}`);
    this.#problems.add(kind);
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
      if (this.#options.background) timer.unref();
      this.#stop = end;
      if (wakeable) this.#wake = end;
    });
  }
}
