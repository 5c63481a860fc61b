// Rows that were stored (or given up) before they were known to be part of another one: taken back. Returns what their
// issues counted of them. The order of the keys is that of every other statement on rows.

import type { AbsorbedRow } from '../../../src/record/row.ts';
import { type Columns, columnDefinitions, encodeRow, encodeTime, toJson } from '../encode.ts';
import type { Statement, Target } from './statement.ts';

const COLUMNS: Columns = { event_id: 'uuid', created_at: 'timestamptz' };

export function removeAbsorbed(target: Target, rows: readonly AbsorbedRow[]): Statement {
  // The bounds let the planner leave out all other partitions.
  const text = `
    with given as (
      select * from json_to_recordset($1::json) as r (${columnDefinitions(COLUMNS)})
    ), there as (
      select l.event_id, l.created_at
      from ${target.schema}.error_logs l join given g on g.event_id = l.event_id and g.created_at = l.created_at
      where l.created_at between $2::timestamptz and $3::timestamptz
      order by l.event_id, l.created_at
      for update of l
    )
    delete from ${target.schema}.error_logs l
    using there t
    where l.event_id = t.event_id and l.created_at = t.created_at
      and l.created_at between $2::timestamptz and $3::timestamptz
    returning l.event_id::text, l.service, l.fingerprint, l.fingerprint_version, l.error_type, l.message_template,
      l.release_version, l.environment, l.route, (extract(epoch from l.created_at) * 1000)::float8 as created_at,
      l.level, -1 as weight`;
  const times = rows.map(({ created_at }) => created_at).sort((a, b) => a - b);
  return {
    text,
    values: [toJson(rows.map((row) => encodeRow(row, COLUMNS))), encodeTime(times[0]!), encodeTime(times.at(-1)!)],
  };
}

export function removeLetters(target: Target, rows: readonly AbsorbedRow[]): Statement {
  const text = `
    delete from ${target.schema}.dead_letters
    where kind in ('log', 'row') and event_id in (select value::uuid from json_array_elements_text($1::json))
    returning event_id::text`;
  return { text, values: [toJson(rows.map(({ event_id }) => event_id))] };
}
