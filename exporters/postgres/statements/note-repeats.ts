// Rows that are stored already, from another request than they come with now: a sender repeated them, to another receiver or
// to one that had forgotten them. Returns those that were not noted before, for the ledger. What came with the request
// that is stored is a replay, which nothing counts.

import { type Columns, columnDefinitions, encodeRow, toJson } from '../encode.ts';
import type { Statement, Target } from './statement.ts';

export interface Repeat {
  event_id: string;
  created_at: number;
  acceptance: number;
  /** With which request the stored one came, where that is known: of rows that became part of another one nothing is left. */
  first: number | undefined;
}

const COLUMNS: Columns = { event_id: 'uuid', created_at: 'timestamptz', acceptance: 'int', first: 'int' };

export function noteRepeats(target: Target, rows: readonly Repeat[]): Statement {
  const stored = (table: string) =>
    `(select t.acceptance from ${target.schema}.${table} t where t.event_id = r.event_id and t.created_at = r.created_at)`;
  const text = `
    insert into ${target.schema}.repeats (event_id, acceptance)
    select event_id, acceptance
    from json_to_recordset($1::json) as r (${columnDefinitions(COLUMNS)})
    where coalesce(r.first, ${stored('error_logs')}, ${stored('error_counts')}) <> r.acceptance
    order by event_id, acceptance
    on conflict (event_id, acceptance) do nothing
    returning event_id::text, acceptance`;
  return { text, values: [toJson(rows.map((row) => encodeRow(row, COLUMNS)))] };
}
