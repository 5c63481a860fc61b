// What a row of the fault matrix is, and what comes out of it.

import type { RowContext } from './context.ts';

/** `short` runs with everything else, `full` makes the table of docs/reliability.md, `long` is for a quiet evening. */
export type Mode = 'short' | 'full' | 'long';

export interface Row {
  /** Number in the matrix, with a letter where a row has several. */
  row: string;
  fault: string;
  /** What the machine must have; without it the row is skipped and says why. */
  needs?: readonly Need[];
  /** Why it does not pass yet; such a row is not part of the short form. */
  open?: string;
  run(context: RowContext): Promise<Outcome>;
}

/** Sets were compared, these are their sizes. */
export interface Account {
  /** Records whose capturing call returned (or, for others than errors, that were old enough). */
  promised: number;
  /** Records whose capturing call was begun. */
  produced: number;
  stored: number;
  /** Counted by their process as dropped. */
  dropped: number;
  /** Promised, and neither stored nor dead-lettered nor counted as dropped; or counted so and there all the same. */
  lost: number;
  /** Promised and neither stored nor dead-lettered, as "producer:number". */
  missing?: string[];
  /** Rows beyond the first of a record, and rows that issues count twice or not at all. */
  duplicates: number;
  /** Nothing when it closes, else what does not add up. */
  ledger?: string;
}

export interface Outcome extends Account {
  /** What was measured, with its unit. */
  figure: string;
}

export type Need = 'root' | 'mount' | 'strace' | 'prlimit' | 'faketime' | 'setpriv';
