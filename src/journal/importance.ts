// What goes first when there is little room. Decides by kind and level only; the record is not looked into.

import type { Fact } from '../record/fact.ts';

/** The last tenth of a bound is for what is vital: latencies, calls and the rest go first. */
export const ORDINARY_SHARE = 0.9;

/**
 * Errors, and what belongs to records that were accepted: without a merge one exception would be two rows, without the
 * ledger nobody could tell what was dropped.
 */
export function isVital(fact: Fact): boolean {
  if (fact.k === 'log') return fact.level === 'ERROR' || fact.level === 'CRITICAL';
  return fact.k !== 'hist' && fact.k !== 'call';
}
