// Records that are no rows of their own: stored already, from another request than they come with now (a sender repeated
// them, to another receiver or to one that had forgotten them), or part of the row that delivery held them for. Returns those
// that were not noted before, for the ledger. What came with the request that is stored is a replay, which nothing counts.

import { NO_REQUEST } from '../../../src/record/row.ts';
import { type Columns, columnDefinitions, encodeRow, timeBounds, toJson } from '../encode.ts';
import type { Statement, Target } from './statement.ts';

export interface Repeat {
  event_id: string;
  created_at: number;
  acceptance: number;
  /** It became part of another row, of which `first` tells the request: nothing else is left of it. */
  carried: boolean;
  first: number | undefined;
}

const COLUMNS: Columns = {
  event_id: 'uuid',
  created_at: 'timestamptz',
  acceptance: 'int',
  carried: 'boolean',
  first: 'int',
};

/** What is stored without a request is of a version that did not write it down, and came before. */
export function noteRepeats(target: Target, rows: readonly Repeat[]): Statement {
  // Two writers at once may have made a row and a count of one record: both came first.
  const stored = ['error_logs', 'error_counts'].map(
    (table) =>
      `select t.acceptance from ${target.schema}.${table} t where t.event_id = r.event_id and t.created_at = r.created_at
        and t.created_at between $2::timestamptz and $3::timestamptz`,
  );
  const text = `
    insert into ${target.schema}.repeats (event_id, acceptance)
    select r.event_id, r.acceptance
    from json_to_recordset($1::json) as r (${columnDefinitions(COLUMNS)})
    cross join lateral (
      select bool_or(coalesce(s.acceptance, ${NO_REQUEST}) = r.acceptance) as same
      from (${stored.join(' union all ')} union all select r.first where r.carried) s
    ) known
    where known.same is not true
    order by r.event_id, r.acceptance
    on conflict (event_id, acceptance) do nothing
    returning event_id::text, acceptance`;
  return { text, values: [toJson(rows.map((row) => encodeRow(row, COLUMNS))), ...timeBounds(rows)] };
}
