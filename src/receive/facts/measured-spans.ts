// Spans whose latency is stored lately: one that is sent again, among others than the first time, is not measured again. Noted
// once the request is written, so that what is refused and comes again is measured. Bounded; in memory of one receiver.

import { RecentIds } from '../recent-ids.ts';

export class MeasuredSpans {
  readonly #stored = new RecentIds<true>();
  /** Of the request that is being mapped. */
  #fresh = new Set<string>();

  /** False where it is measured already. */
  take(id: string): boolean {
    if (this.#fresh.has(id) || this.#stored.get(id) === true) return false;
    this.#fresh.add(id);
    return true;
  }

  /** Ends the mapping of a request. @returns to be called when that is stored */
  end(): () => void {
    const ids = this.#fresh;
    this.#fresh = new Set();
    return () => this.#stored.add(ids, true);
  }
}
