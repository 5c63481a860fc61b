// Rows of http_calls; those that are there already stay as they are.

import type { HttpCallRow } from '../../../src/record/row.ts';
import { type Columns, columnDefinitions, columnNames, encodeRow, toJson } from '../encode.ts';
import { placePromoted } from './promoted.ts';
import type { Statement, Target } from './statement.ts';

const COLUMNS: Columns = {
  event_id: 'uuid',
  created_at: 'timestamptz',
  direction: 'text',
  service: 'text',
  environment: 'text',
  release_version: 'text',
  peer: 'text',
  route: 'text',
  http_method: 'text',
  http_status: 'int',
  latency_ms: 'int',
  error_type: 'text',
  request_bytes: 'bigint',
  response_bytes: 'bigint',
  request_id: 'text',
  session_id: 'text',
  user_id: 'text',
  trace_id: 'key',
  span_id: 'text',
  weight: 'double precision',
  tags: 'jsonb',
};

export function insertCalls(target: Target, rows: readonly HttpCallRow[]): Statement {
  const promoted = target.promoted.http_calls;
  const columns: Columns = { ...COLUMNS, ...promoted };
  const names = columnNames(columns);
  const text = `
    insert into ${target.schema}.http_calls (${names})
    select ${names} from json_to_recordset($1::json) as r (${columnDefinitions(columns)})
    order by event_id, created_at
    on conflict (event_id, created_at) do nothing`;
  return { text, values: [toJson(rows.map((row) => encodeRow(placePromoted(row, promoted), columns)))] };
}
