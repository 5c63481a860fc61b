// Token buckets: so many items a second for each key (or address), twenty seconds' worth at once. What a request brings is
// known only when it is read, so it is taken afterwards; who is in debt is asked to come again before anything is read.

import { HttpError } from '../http/http-error.ts';

const BURST_SECONDS = 20;
const MAX_BUCKETS = 10_000;

interface Bucket {
  tokens: number;
  at: number;
}

export class RateLimit {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param now monotonic milliseconds */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /** @throws HttpError 429 */
  admit(who: string): void {
    const { tokens } = this.#of(who);
    if (tokens > 0) return;
    const retryAfter = Math.max(1, Math.ceil((1 - tokens) / this.#perSecond));
    throw new HttpError(429, `more than ${this.#perSecond} items a second`, { retryAfter });
  }

  spend(who: string, items: number): void {
    this.#of(who).tokens -= items;
  }

  #of(who: string): Bucket {
    const now = this.#now();
    const full = this.#perSecond * BURST_SECONDS;
    let bucket = this.#buckets.get(who);
    // Last in order: who was silent longest is forgotten first.
    if (bucket !== undefined) this.#buckets.delete(who);
    else if (this.#buckets.size >= MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value!);
    bucket ??= { tokens: full, at: now };
    this.#buckets.set(who, bucket);
    bucket.tokens = Math.min(full, bucket.tokens + ((now - bucket.at) / 1000) * this.#perSecond);
    bucket.at = now;
    return bucket;
  }
}
