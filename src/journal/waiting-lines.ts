// Lines that are in no file yet: taken at the end, written and forgotten from the front. Their number and length decide when
// the journal writes, and what it takes while the disk is away.

import type { Lines } from './segment-writer.ts';

export class WaitingLines implements Lines {
  json: string[] = [];
  occurrences: number[] = [];
  chars = 0;
  /** Something among them is to be written at once. */
  urgent = false;
  /** performance.now() of the oldest. */
  #since = 0;

  get isEmpty(): boolean {
    return this.chars === 0;
  }

  ageMillis(now: number): number {
    return now - this.#since;
  }

  push(json: string, occurrences: number): void {
    if (this.isEmpty) this.#since = performance.now();
    this.json.push(json);
    this.occurrences.push(occurrences);
    this.chars += json.length;
  }

  /** Takes what is written off the front. */
  forget(count: number): void {
    if (count === this.json.length) {
      this.json = [];
      this.occurrences = [];
      this.chars = 0;
      this.urgent = false;
      return;
    }
    for (const line of this.json.splice(0, count)) this.chars -= line.length;
    this.occurrences.splice(0, count);
  }
}
