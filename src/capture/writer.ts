// What capture writes to: the journal, seen from above. Neither call may throw.

import type { Fact } from '../record/fact.ts';

export interface FactWriter {
  /** Written within 200 ms. */
  append(fact: Fact): void;
  /** Written before the call returns. */
  appendNow(fact: Fact): void;
}
