// fdatasync for one segment, off the application's thread. In: what was written, and whether it is urgent. Out: nothing, or,
// after a failed fdatasync, all that is not surely on the disk: the kernel has forgotten by then what it could not write,
// and says so once only, so that has to be written again, to another file. Loses in a power cut what is younger than
// the last fdatasync.

import type { JournalFiles } from './files.ts';

/**
 * - `never`: the page cache only, which survives the death of the process, not that of the machine.
 * - `errors`: 50 ms after an ERROR or CRITICAL record at the latest it is on the disk, with all before it.
 * - `all`: that, and every other record after a second.
 */
export type SyncPolicy = 'never' | 'errors' | 'all';

/** Between the beginnings of two: a storm of errors costs 20 a second. */
const URGENT_MILLIS = 50;
const OTHER_MILLIS = 1000;
/** Kept for the case that it fails; the oldest goes first. */
const MAX_KEPT_BYTES = 1024 * 1024;

/** A piece of a segment, made of whole lines, and the numbers of its first frame. */
export interface Piece {
  bytes: Buffer;
  n: number;
  o: number;
}

export interface SyncCounts {
  syncs: number;
  failures: number;
}

/** Bound at load: fake timers of a test framework must not stop the journal. */
const setTimer = setTimeout;

export class Syncer {
  readonly #fd: number;
  readonly #policy: SyncPolicy;
  readonly #files: JournalFiles;
  readonly #counts: SyncCounts;
  readonly #onFailed: (pieces: Piece[], error: unknown) => void;
  #kept: Piece[] = [];
  #keptBytes = 0;
  /** Something urgent enough is not on the disk, and no running call takes care of it. */
  #dirty = false;
  #running = false;
  /** Pieces that the running call takes care of. */
  #covered = 0;
  #timer = false;
  #beganAt = Number.NEGATIVE_INFINITY;
  #dueAt = Number.POSITIVE_INFINITY;
  #close: (() => void) | undefined;
  #dead = false;

  constructor(
    fd: number,
    policy: SyncPolicy,
    files: JournalFiles,
    counts: SyncCounts,
    onFailed: (pieces: Piece[], error: unknown) => void,
  ) {
    this.#fd = fd;
    this.#policy = policy;
    this.#files = files;
    this.#counts = counts;
    this.#onFailed = onFailed;
  }

  /** @param piece its bytes are copied where they are kept */
  wrote(piece: Piece, urgent: boolean, now: number): void {
    if (this.#policy === 'never') return;
    this.#kept.push({ ...piece, bytes: Buffer.from(piece.bytes) });
    this.#keptBytes += piece.bytes.length;
    while (this.#keptBytes > MAX_KEPT_BYTES) this.#forget(1);
    if (!urgent && this.#policy === 'errors') return;
    this.#dirty = true;
    // The first error of a while goes at once; it costs the application the call only.
    this.#dueAt = Math.min(this.#dueAt, urgent ? Math.max(now, this.#beganAt + URGENT_MILLIS) : now + OTHER_MILLIS);
    this.#step(now);
  }

  /** Nothing more will be written: closes the file once it is safe. */
  finish(close: () => void): void {
    this.#close = close;
    if (this.#dirty) this.#dueAt = Number.NEGATIVE_INFINITY;
    this.#step(performance.now());
  }

  /** The same at the end of the process: waits for the disk. */
  finishNow(close: () => void): void {
    if ((this.#dirty || this.#running) && !this.#dead) {
      try {
        this.#files.fdatasyncSync(this.#fd);
        this.#counts.syncs++;
        this.#dirty = false;
        this.#forget(this.#kept.length);
      } catch (error) {
        this.#failed(error);
      }
    }
    this.finish(close);
  }

  #step(now: number): void {
    if (this.#running) return;
    if (!this.#dirty || this.#dead) {
      this.#close?.();
      this.#close = undefined;
    } else if (now >= this.#dueAt) this.#begin(now);
    else if (!this.#timer) {
      this.#timer = true;
      setTimer(() => {
        this.#timer = false;
        this.#step(performance.now());
      }, this.#dueAt - now).unref();
    }
  }

  #begin(now: number): void {
    this.#running = true;
    this.#dirty = false;
    this.#beganAt = now;
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#covered = this.#kept.length;
    this.#files.fdatasync(this.#fd, (error) => {
      this.#running = false;
      if (error) this.#failed(error);
      else {
        this.#counts.syncs++;
        this.#forget(this.#covered);
      }
      this.#step(performance.now());
    });
  }

  #forget(count: number): void {
    for (const { bytes } of this.#kept.splice(0, count)) this.#keptBytes -= bytes.length;
    this.#covered = Math.max(0, this.#covered - count);
  }

  #failed(error: unknown): void {
    this.#counts.failures++;
    this.#dead = true;
    const pieces = this.#kept;
    this.#kept = [];
    this.#onFailed(pieces, error);
  }
}
