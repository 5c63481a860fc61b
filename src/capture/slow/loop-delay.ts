// Was the event loop blocked between two times? A timer of 50 ms that notes when it came late: 20 turns a second of about
// 2 µs each, where perf_hooks.monitorEventLoopDelay gives a distribution and no times. Bounded: the last 64 blocks.

const EVERY_MILLIS = 50;
/** Less is ordinary work. */
const BLOCK_MILLIS = 50;
const MAX_BLOCKS = 64;

export class LoopDelay {
  readonly #blocks: [from: number, to: number][] = [];
  #timer: NodeJS.Timeout | undefined;
  #dueAt = 0;

  /** From the first span on; keeps no process alive. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#dueAt = now() + EVERY_MILLIS;
    this.#timer = setInterval(() => this.#tick(), EVERY_MILLIS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Milliseconds, of those between `from` and `to` (Unix milliseconds), in which nothing else could run. */
  blockedBetween(from: number, to: number): number {
    if (this.#timer === undefined) return 0;
    let blocked = 0;
    for (const block of this.#blocks) blocked += overlap(block, from, to);
    // A block that goes on, or that the timer has not come to see yet.
    if (now() - this.#dueAt >= BLOCK_MILLIS) blocked += overlap([this.#dueAt, now()], from, to);
    return Math.round(blocked);
  }

  /** How late the timer is at this moment, in milliseconds. */
  get late(): number {
    return this.#timer === undefined ? 0 : Math.max(0, now() - this.#dueAt);
  }

  #tick(): void {
    const at = now();
    if (at - this.#dueAt >= BLOCK_MILLIS) {
      if (this.#blocks.length >= MAX_BLOCKS) this.#blocks.shift();
      this.#blocks.push([this.#dueAt, at]);
    }
    this.#dueAt = at + EVERY_MILLIS;
  }
}

function overlap([from, to]: [number, number], since: number, until: number): number {
  return Math.max(0, Math.min(to, until) - Math.max(from, since));
}

/** Unix milliseconds on the monotonic clock, as spans have them. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
