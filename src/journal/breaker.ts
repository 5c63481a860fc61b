// Notices a slow disk. In: how long each synchronous write took. Out: whether records have to wait in memory for a while, so
// that the application is not held up by each of them. Closes by itself: the first write after the pause is the probe.

/** A write of a few KB takes 10 µs; a garbage collection or a busy machine may make one of them slow, not three in a row. */
const SLOW_MILLIS = 50;
const SLOW_IN_A_ROW = 3;
/** One write of this length is enough. */
const STUCK_MILLIS = 1000;
/** The pause is this many times what the write took: writing takes 5 % of the time at most. */
const PAUSE_FACTOR = 20;
const LONGEST_PAUSE_MILLIS = 60_000;

export class Breaker {
  /** How often it opened. */
  opened = 0;
  readonly #slowMillis: number;
  #inARow = 0;
  #openUntil = 0;

  constructor(slowMillis = SLOW_MILLIS) {
    this.#slowMillis = slowMillis;
  }

  isOpen(now: number): boolean {
    return now < this.#openUntil;
  }

  /** True when this write opened it. */
  wrote(tookMillis: number, now: number): boolean {
    if (tookMillis < this.#slowMillis) {
      this.#inARow = 0;
      return false;
    }
    this.#inARow++;
    // Behind a pause one slow write is proof enough that nothing has changed.
    if (this.#inARow < SLOW_IN_A_ROW && tookMillis < STUCK_MILLIS) return false;
    this.#openUntil = now + Math.min(LONGEST_PAUSE_MILLIS, tookMillis * PAUSE_FACTOR);
    this.opened++;
    return true;
  }
}
