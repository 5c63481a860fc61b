// One fact as rows, where nothing waits for anything. Throws on a malformed fact, which then becomes a dead letter.

import type { Fact, ResourceFact } from '../record/fact.ts';
import type { RowRules } from './rules.ts';
import type { Batch } from './sink.ts';

export function rowsOf(fact: Fact, resource: ResourceFact, rules: RowRules): Partial<Batch> {
  switch (fact.k) {
    case 'log':
      return { logs: [rules.log(fact, resource)], absorbed: rules.absorbed(fact, resource) };
    case 'amend':
      return { amendments: rules.amendments(fact) };
    case 'count':
      return { counts: [rules.count(fact, resource)] };
    case 'hist':
      return { histograms: [rules.histogram(fact, resource)] };
    case 'call':
      return { calls: [rules.call(fact, resource)] };
    case 'ledger':
      return { ledgers: [rules.ledger(fact, resource)] };
    default:
      // Of a newer version, or no fact at all.
      throw new Error(`unknown kind of record: ${String((fact as { k: unknown }).k)}`);
  }
}

export function countRows(rows: Partial<Batch>): number {
  let count = 0;
  for (const name in rows) count += rows[name as keyof Batch]!.length;
  return count;
}
