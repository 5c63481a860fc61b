// Rows of latency_histograms. (bucket_start, process, seq) is unique, so a repeat changes nothing. Minutes of an hour that
// may have been rolled up are noted, so that it is rolled up again.

import type { HistogramRow } from '../../../src/record/row.ts';
import { type Columns, columnDefinitions, columnNames, encodeRow, toJson } from '../encode.ts';
import type { Statement, Target } from './statement.ts';

const COLUMNS: Columns = {
  bucket_start: 'timestamptz',
  process: 'key',
  seq: 'bigint',
  service: 'text',
  environment: 'text',
  release_version: 'text',
  kind: 'text',
  operation: 'text',
  http_method: 'text',
  status_class: 'text',
  peer: 'text',
  scale: 'int',
  zero_count: 'bigint',
  bucket_offset: 'int',
  counts: 'bigint[]',
  count: 'bigint',
  sum: 'double precision',
  min: 'double precision',
  max: 'double precision',
  exemplars: 'jsonb',
};

export function insertHistograms(target: Target, rows: readonly HistogramRow[]): Statement {
  const names = columnNames(COLUMNS);
  const text = `
    with inserted as (
      insert into ${target.schema}.latency_histograms (${names})
      select ${names} from json_to_recordset($1::json) as r (${columnDefinitions(COLUMNS)})
      order by bucket_start, process, seq
      on conflict (bucket_start, process, seq) do nothing
      returning bucket_start
    )
    insert into ${target.schema}.latency_late (hour)
    select distinct date_trunc('hour', bucket_start, 'UTC') from inserted
    where bucket_start < date_trunc('hour', now() - interval '3 minutes', 'UTC')`;
  const encoded = rows.map((row) =>
    encodeRow({ ...row, zero_count: row.zeroCount, bucket_offset: row.offset }, COLUMNS),
  );
  return { text, values: [toJson(encoded)] };
}
