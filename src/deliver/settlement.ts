// When journals may shrink by what is stored: at once, or, where a power cut could still take it from the sink, once the sink
// has settled, which goes on beside the rest. In: the followers, after each round. Out: calls of `release`.

import type { Position } from '../journal/shipped.ts';
import type { Follower } from './follower.ts';

export interface SettlementOptions {
  settle: (() => Promise<void>) | undefined;
  /** Between two calls of it. */
  everyMillis: number;
  /** Up to this position all is safe; the journal may go when it is finished. Must not throw. */
  release: (follower: Follower, reached: Position | undefined, isFinished: boolean) => void;
  onProblem: (error: unknown) => void;
}

export class Settlement {
  readonly #options: SettlementOptions;
  /** Something is stored that a power cut may take. */
  #isDue = false;
  #settledAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;

  constructor(options: SettlementOptions) {
    this.#options = options;
  }

  note(followers: readonly Follower[]): void {
    const { settle, everyMillis, release } = this.#options;
    if (!settle) {
      for (const follower of followers) release(follower, follower.reached, follower.isFinished);
      return;
    }
    for (const follower of followers) if (follower.noteStored()) this.#isDue = true;
    if (this.#running || performance.now() - this.#settledAt < everyMillis) return;
    const stored = followers.map((follower) => [follower, follower.reached, follower.isFinished] as const);
    if (!this.#isDue && stored.every(([, , isFinished]) => !isFinished)) return;
    this.#isDue = false;
    this.#running = this.#settle(stored, settle);
  }

  /** All that is stored by now is settled, or that failed and was said. */
  async finish(followers: readonly Follower[]): Promise<void> {
    await this.#running;
    this.#settledAt = Number.NEGATIVE_INFINITY;
    this.note(followers);
    await this.#running;
  }

  async #settle(stored: readonly (readonly [Follower, Position | undefined, boolean])[], settle: () => Promise<void>) {
    try {
      await settle();
      for (const one of stored) this.#options.release(...one);
    } catch (error) {
      this.#isDue = true;
      this.#options.onProblem(error);
    }
    this.#settledAt = performance.now();
    this.#running = undefined;
  }
}
