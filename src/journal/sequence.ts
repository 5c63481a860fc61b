// What is missing between two frames. In: the numbers of each frame in the order read. Out: exact losses. Knows nothing
// before the first frame, so what came before that is never called lost.

import type { Fact } from '../record/fact.ts';

/** Frames that were in the journal and cannot be had any more. */
export interface Loss {
  /** First frame missing; with the process, a key of this loss through every replay. */
  from: number;
  frames: number;
  /** Occurrences in them, as `occurrencesIn` counts. */
  occurrences: number;
}

/** How many occurrences a fact stands for in the ledger. Writer and reader count alike. */
export function occurrencesIn(fact: { k: Fact['k'] | (string & {}); count?: unknown; facts?: unknown }): number {
  if (fact.k === 'log') return 1;
  if (fact.k === 'pack' && Array.isArray(fact.facts))
    return fact.facts.reduce((sum: number, inner: Fact) => sum + (inner?.k === 'pack' ? 0 : occurrencesIn(inner)), 0);
  return fact.k === 'count' && Number.isSafeInteger(fact.count) ? Math.max(0, fact.count as number) : 0;
}

export class Sequence {
  /** Number of the next frame; 0 where nothing is known yet. */
  n: number;
  /** Occurrences in all frames before it. */
  o: number;

  constructor(n = 0, o = 0) {
    this.n = n;
    this.o = o;
  }

  /** A frame that was read before: rewritten after a failed fsync, or a piece of an older copy. */
  isRepeated(n: number): boolean {
    return n < this.n;
  }

  /** To be called in front of what bears these numbers. */
  arrive(n: number, o: number): Loss | undefined {
    const loss =
      this.n > 0 && n > this.n ? { from: this.n, frames: n - this.n, occurrences: Math.max(0, o - this.o) } : undefined;
    if (n >= this.n) {
      this.n = n;
      this.o = o;
    }
    return loss;
  }

  pass(occurrences: number): void {
    this.n++;
    this.o += occurrences;
  }
}
