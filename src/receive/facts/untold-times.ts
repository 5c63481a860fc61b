// When records came that tell no time themselves. What is refused comes again: a record of it that was written nonetheless
// has to be the same row then, and its time is a part of its id.

import { uuidv7Of } from '../../util/uuid.ts';

/** Senders come again within minutes; later it is another record with the same words. */
const AGAIN_MILLIS = 15 * 60_000;
const MAX_RECORDS = 50_000;

interface Untold {
  digest: string;
  t: number;
}

export class UntoldTimes {
  /** By digest, oldest first. */
  readonly #kept = new Map<string, number>();
  #request: Untold[] = [];

  /** Unix milliseconds. */
  of(digest: string, now: number): number {
    const before = this.#kept.get(digest);
    this.#kept.delete(digest);
    const t = before !== undefined && now - before < AGAIN_MILLIS ? before : now;
    this.#request.push({ digest, t });
    return t;
  }

  /**
   * Of one request: mapping is synchronous, so all since the last call are its records.
   *
   * @returns to be called when it was refused, with the ids of those of its rows that were written nonetheless
   */
  take(): (kept: ReadonlySet<string>) => void {
    const request = this.#request;
    this.#request = [];
    return (kept) => {
      for (const { digest, t } of request) if (kept.has(uuidv7Of(t, digest))) this.#kept.set(digest, t);
      while (this.#kept.size > MAX_RECORDS) this.#kept.delete(this.#kept.keys().next().value!);
    };
  }
}
