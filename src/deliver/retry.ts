// The retry table: what follows a failed write. In: the error and how many items were in the write. Out: one of four
// moves. Nothing here gives up by age or by number of attempts: what is not stored is still in the journal.

import { type FailureKind, SinkError } from './sink.ts';

export type Move =
  /** The same items again after a back-off. */
  | 'wait'
  /** Both halves again after a back-off, and smaller batches from now on. */
  | 'halve'
  /** Both halves at once: one of them holds what was refused. */
  | 'split'
  /** This single item is what was refused. */
  | 'bury'
  /** Somebody has to change something: say so, open again at a low rate. */
  | 'pause';

export function nextMove(kind: FailureKind, items: number): Move {
  switch (kind) {
    case 'outage':
      return 'wait';
    case 'slow':
      return items > 1 ? 'halve' : 'wait';
    case 'poison':
      return items > 1 ? 'split' : 'bury';
    case 'config':
      return 'pause';
  }
}

/** A sink throws nothing but SinkErrors; if it does all the same, that is no reason to throw data away. */
export function kindOf(error: unknown): FailureKind {
  return error instanceof SinkError ? error.kind : 'outage';
}

const FIRST_MILLIS = 200;
const LONGEST_MILLIS = 30_000;

/** Exponential with full jitter, so that many processes do not come back in step. `attempt` counts from 0. */
export function backoffMillis(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(LONGEST_MILLIS, FIRST_MILLIS * 2 ** Math.min(attempt + 1, 20));
  return FIRST_MILLIS + random() * (ceiling - FIRST_MILLIS);
}
