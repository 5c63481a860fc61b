// Which time it is that one span tells of one exception. Layers that record the same error do so within moments of each
// other; attempts lie apart. A span comes whole, so that the numbers are the same however often and in whatever order
// requests come.

/** Longer than what an error takes to pass an awaited rollback, shorter than most pauses between attempts. */
const APART_MILLIS = 1_000;

export class Repeats {
  readonly #last = new Map<string, { time: number; nth: number }>();

  /** @param key of the exception, @param time Unix milliseconds. @returns 0 for the first */
  nth(key: string, time: number): number {
    const last = this.#last.get(key);
    const nth = last === undefined ? 0 : last.nth + (Math.abs(time - last.time) > APART_MILLIS ? 1 : 0);
    this.#last.set(key, { time, nth });
    return nth;
  }
}
