// Rows of error_counts. Returns the event_id of every row that was not there before, and is no row of error_logs either: only
// those are counted.

import type { ErrorCountRow } from '../../../src/record/row.ts';
import { type Columns, columnDefinitions, columnNames, encodeRow, timeBounds, toJson } from '../encode.ts';
import type { Statement, Target } from './statement.ts';

export function insertCounts(target: Target, rows: readonly ErrorCountRow[]): Statement {
  const columns: Columns = {
    event_id: 'uuid',
    created_at: 'timestamptz',
    last_seen: 'timestamptz',
    count: 'bigint',
    level: `${target.schema}.level`,
    fingerprint: 'key',
    fingerprint_version: 'int',
    error_type: 'text',
    message_template: 'text',
    service: 'key',
    environment: 'text',
    release_version: 'text',
    acceptance: 'int',
  };
  const names = columnNames(columns);
  const text = `
    insert into ${target.schema}.error_counts (${names})
    select ${names} from json_to_recordset($1::json) as r (${columnDefinitions(columns)})
    where not exists (
      select from ${target.schema}.error_logs l where l.event_id = r.event_id and l.created_at = r.created_at
        and l.created_at between $2::timestamptz and $3::timestamptz)
      and not exists (select from ${target.schema}.repeats n where n.event_id = r.event_id)
    order by event_id, created_at
    on conflict (event_id, created_at) do nothing
    returning event_id::text`;
  return { text, values: [toJson(rows.map((row) => encodeRow(row, columns))), ...timeBounds(rows)] };
}
