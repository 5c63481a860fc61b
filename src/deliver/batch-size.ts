// How large the next batch may be: by count and bytes, and both by the time that writes take. What a batch cost in, limits
// out. Larger ones pay for a commit less often (1,000 rows a commit: 1.2 times the rows per second of 500; measured on a busy machine), smaller
// ones end within the timeouts of a slow line.

import type { BatchLimits } from './item.ts';

/** Faster than this: the next may be twice as large. */
const FAST_MILLIS = 250;
/** Slower: half as large, long before a statement is cancelled. */
const SLOW_MILLIS = 1_000;

export class BatchSize {
  readonly #most: BatchLimits;
  /** Of the most. */
  #share = 0.5;

  constructor(most: BatchLimits) {
    this.#most = most;
  }

  get limits(): BatchLimits {
    const { rows, bytes } = this.#most;
    return { rows: Math.max(1, Math.ceil(rows * this.#share)), bytes: bytes * this.#share };
  }

  wrote(millis: number): void {
    if (millis < FAST_MILLIS) this.#share = Math.min(1, this.#share * 2);
    else if (millis > SLOW_MILLIS) this.#set(this.#share / 2);
  }

  /** So many rows are enough. */
  reduce(rows: number): void {
    this.#set(Math.min(this.#share, rows / this.#most.rows));
  }

  #set(share: number): void {
    this.#share = Math.max(share, 1 / this.#most.rows);
  }
}
