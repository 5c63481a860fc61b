// What a mapping gives: facts, and what it could not take.

import type { Fact, ResourceFact } from '../../record/fact.ts';

export type RowFact = Exclude<Fact, ResourceFact | { k: 'pack' }>;

/** What became of the items of one resource. */
export interface Mapped {
  facts: RowFact[];
  rejected: number;
  /** Why something was rejected. */
  reason?: string;
}
