// Rows of error_logs, one statement for all. Returns the event_id of every row that was not there before: only those are
// counted. Sorted by key, so that two batches with the same rows never wait for each other in a circle (130 deadlocks of
// 900 batches unsorted, none sorted; measured).

import type { ErrorLogRow } from '../../../src/record/row.ts';
import { type Columns, columnDefinitions, columnNames, encodeRow, timeBounds, toJson } from '../encode.ts';
import { placePromoted } from './promoted.ts';
import type { Statement, Target } from './statement.ts';

const COLUMNS: Columns = {
  event_id: 'uuid',
  created_at: 'timestamptz',
  level: 'text',
  message: 'text',
  message_template: 'text',
  stack_trace: 'text',
  raw_stack_trace: 'text',
  source_context: 'jsonb',
  breadcrumbs: 'jsonb',
  unmapped_frames: 'jsonb',
  fingerprint: 'key',
  fingerprint_version: 'int',
  error_type: 'text',
  error_code: 'text',
  error_message: 'text',
  service: 'key',
  environment: 'text',
  release_version: 'text',
  build_sha: 'text',
  route: 'text',
  function_name: 'text',
  http_method: 'text',
  http_status: 'int',
  latency_ms: 'int',
  request_id: 'key',
  session_id: 'text',
  user_id: 'text',
  trace_id: 'key',
  span_id: 'text',
  module: 'text',
  host: 'text',
  pid: 'int',
  thread_id: 'int',
  tags: 'jsonb',
  acceptance: 'int',
};

/** All that are written, the promoted ones of the table last. */
export function logColumns(target: Target): Columns {
  return { ...COLUMNS, level: `${target.schema}.level`, ...target.promoted.error_logs };
}

export function insertLogs(target: Target, rows: readonly ErrorLogRow[]): Statement {
  const promoted = target.promoted.error_logs;
  const columns = logColumns(target);
  const names = columnNames(columns);
  const text = `
    insert into ${target.schema}.error_logs (${names})
    select ${names} from json_to_recordset($1::json) as r (${columnDefinitions(columns)})
    where not exists (
      select from ${target.schema}.error_counts c where c.event_id = r.event_id and c.created_at = r.created_at
        and c.created_at between $2::timestamptz and $3::timestamptz)
      -- What was there once and is part of another row now.
      and not exists (select from ${target.schema}.repeats n where n.event_id = r.event_id)
    order by event_id, created_at
    on conflict (event_id, created_at) do nothing
    returning event_id::text`;
  return {
    text,
    values: [toJson(rows.map((row) => encodeRow(placePromoted(row, promoted), columns))), ...timeBounds(rows)],
  };
}
