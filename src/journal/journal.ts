// The journal of this process: facts in, lines in append-only segments out. Runs on the application's main thread, so no
// call throws, blocks on anything but one write, or grows without bound; what it cannot keep is dropped and counted.
// A SIGKILL loses what `append` took in the last `flushMillis`, and nothing that `appendNow` returned for, while the disk
// is quick; a power cut loses what `sync` allows.

import type { Fact, LedgerFact } from '../record/fact.ts';
import { Breaker } from './breaker.ts';
import { type DropReason, Drops } from './drops.ts';
import { nodeFiles } from './files.ts';
import { isVital, ORDINARY_SHARE } from './importance.ts';
import type { Journal, JournalOptions, JournalStats } from './journal-options.ts';
import { LOOK_MILLIS, SegmentWriter, type Trouble } from './segment-writer.ts';
import { occurrencesIn } from './sequence.ts';
import { WaitingLines } from './waiting-lines.ts';

/** Longest line in characters. Readers hold a whole line in memory, so there is a bound. */
const MAX_LINE_CHARS = 1024 * 1024;

export function openJournal(options: JournalOptions): Journal {
  return new SegmentJournal(options);
}

const DROPPED = 'are dropped and counted';

/** Bound at load: fake timers of a test framework must not stop the journal. */
const setTimer = setTimeout;

class SegmentJournal implements Journal {
  readonly #writer: SegmentWriter;
  readonly #breaker: Breaker;
  readonly #onProblem: ((message: string) => void) | undefined;
  readonly #fate: string;
  readonly #flushMillis: number;
  readonly #bufferBytes: number;
  readonly #memoryBytes: number;
  readonly #problems = new Set<string>();
  readonly #drops = new Drops();
  readonly #waiting = new WaitingLines();
  #again = false;
  #written = 0;
  #writtenSinceLook = 0;
  #deferred = 0;
  #failing: Trouble | undefined;
  /** The newest report, until a file has it. */
  #report: LedgerFact | undefined;
  #failedAt = 0;
  #closed = false;
  #timer = false;

  constructor(options: JournalOptions) {
    this.#onProblem = options.onProblem;
    this.#fate = options.fate ?? DROPPED;
    this.#flushMillis = options.flushMillis ?? 200;
    this.#bufferBytes = options.bufferBytes ?? 64 * 1024;
    this.#memoryBytes = options.memoryBytes ?? 1024 * 1024;
    this.#breaker = new Breaker(options.slowMillis);
    this.#writer = new SegmentWriter({
      ...options,
      // Delivery removes finished segments only, so a small bound needs small ones.
      segmentBytes: Math.min(options.segmentBytes ?? 4 * 1024 * 1024, Math.ceil(options.maxBytes / 4)),
      sync: options.sync ?? 'never',
      fate: this.#fate,
      files: options.files ?? nodeFiles,
      onRemoved: () => {
        // Though delivery may have read some of it.
        this.#drops.add('removed', this.#writtenSinceLook);
        this.#written -= this.#writtenSinceLook;
        this.#writtenSinceLook = 0;
      },
      onRewrite: () => {
        this.#again = true;
        this.#arm();
      },
      onProblem: (kind, text, cause) => this.#problem(kind, text, cause),
    });
  }

  get dir(): string | undefined {
    return this.#writer.dir;
  }

  append(fact: Fact): void {
    this.#guard(() => {
      const isTaken = this.#take(fact);
      if (fact.k === 'ledger') {
        this.#report = fact;
        if (!isTaken) this.#reportAside();
      }
      if (!isTaken) return;
      // A blocked event loop runs no timer: then the next record sees that the time is over.
      const late = this.#waiting.ageMillis(performance.now()) >= this.#flushMillis;
      if (late || this.#closed || this.#waiting.chars >= this.#bufferBytes) this.#flush(false);
      else this.#arm();
    });
  }

  appendNow(fact: Fact): void {
    this.#guard(() => {
      if (!this.#take(fact)) return;
      this.#waiting.urgent = true;
      this.#flush(false);
      if (!this.#waiting.isEmpty) this.#deferred++;
    });
  }

  hasRoomFor(facts: readonly Fact[]): boolean {
    const vital = facts.every(isVital);
    const hasRoom = (chars: number) =>
      this.#writer.hasRoom(this.#waiting.chars + chars, this.#waiting.json.length + facts.length, vital);
    // Seldom near the bound, and then worth the time.
    return (
      hasRoom(facts.length * MAX_LINE_CHARS) ||
      hasRoom(facts.reduce((sum, fact) => sum + JSON.stringify(fact).length, 0))
    );
  }

  flushSync(): void {
    this.#guard(() => this.#flush(true));
  }

  close(): void {
    // Nobody looks later.
    this.#guard(() => this.#look(performance.now(), true));
    this.flushSync();
    this.#guard(() => this.#writer.close());
    this.#writtenSinceLook = 0;
    this.#closed = true;
  }

  stats(): JournalStats {
    return {
      written: this.#written,
      buffered: this.#waiting.json.length,
      bytes: this.#writer.bytes,
      ...this.#drops.counts(),
      slow: { opened: this.#breaker.opened, deferred: this.#deferred },
      sync: { ...this.#writer.syncCounts },
    };
  }

  #take(fact: Fact): boolean {
    let json: string;
    try {
      json = JSON.stringify(fact);
    } catch {
      return this.#refuse('unserialisable', fact);
    }
    if (json.length > MAX_LINE_CHARS) return this.#refuse('oversize', fact);
    const vital = isVital(fact);
    const chars = this.#waiting.chars + json.length;
    if (!this.#writer.hasRoom(chars, this.#waiting.json.length + 1, vital)) {
      this.#problem('journal_full', `it has reached its bound, further records ${this.#fate}`);
      return this.#refuse('journal_full', fact);
    }
    // More than a buffer waits only while the disk is away, full or slow.
    if (chars > this.#memoryBytes * (vital ? 1 : ORDINARY_SHARE)) {
      this.#flush(false);
      const trouble = this.#failing === 'too_long' ? undefined : this.#failing;
      if (!this.#waiting.isEmpty) return this.#refuse(trouble ?? 'disk_slow', fact);
    }
    this.#waiting.push(json, occurrencesIn(fact));
    return true;
  }

  #flush(whatever: boolean): void {
    if (this.#waiting.isEmpty && !this.#again) return;
    const now = performance.now();
    if (!whatever && this.#isPausing(now)) {
      this.#arm();
      return;
    }
    this.#look(now, false);
    this.#failing = this.#write();
    const after = performance.now();
    if (this.#failing) {
      this.#failedAt = after;
      this.#reportAside();
    } else {
      this.#again = false;
      this.#report = undefined;
    }
    if (this.#breaker.wrote(after - now, after))
      this.#problem(
        'slow',
        `the disk is slow (${Math.round(after - now)} ms a write), records wait in memory for a while`,
      );
    if (!this.#waiting.isEmpty) this.#arm();
  }

  #look(now: number, atOnce: boolean): void {
    if (this.#writer.look(now, atOnce)) this.#writtenSinceLook = 0;
  }

  /** A slow disk, or a failing write a record, must not be paid by the application. */
  #isPausing(now: number): boolean {
    return this.#breaker.isOpen(now) || (this.#failing !== undefined && now - this.#failedAt < LOOK_MILLIS);
  }

  #write(): Trouble | undefined {
    for (;;) {
      const { written, trouble } = this.#writer.write(this.#waiting, this.#waiting.urgent);
      this.#written += written;
      this.#writtenSinceLook += written;
      this.#waiting.forget(written);
      if (trouble === 'too_long') {
        this.#drops.add('oversize', 1, this.#waiting.occurrences[0]);
        this.#waiting.forget(1);
      } else if (trouble) return trouble;
      if (this.#waiting.isEmpty) return undefined;
      // A segment that had to end early: on with the next.
    }
  }

  /** The process may end before its segments take anything again. */
  #reportAside(): void {
    if (this.#report === undefined) return;
    try {
      this.#writer.report(JSON.stringify(this.#report));
      this.#report = undefined;
    } catch {}
  }

  #arm(): void {
    if (this.#timer) return;
    this.#timer = true;
    setTimer(() => {
      this.#timer = false;
      this.#guard(() => this.#flush(false));
    }, this.#flushMillis).unref();
  }

  #refuse(reason: DropReason, fact: Fact): false {
    this.#drops.add(reason, 1, occurrencesIn(fact));
    return false;
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#problem('internal', 'internal error', error);
    }
  }

  #problem(kind: string, text: string, cause?: unknown): void {
    if (this.#problems.has(kind)) return;
    this.#problems.add(kind);
    try {
      const why = cause === undefined ? '' : `: ${cause instanceof Error ? cause.message : cause}`;
      this.#onProblem?.(`journal: ${text}${why}`);
    } catch {}
  }
}
