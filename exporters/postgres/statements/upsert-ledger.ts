// One row a process: the absolute counters it reported (the newest seq wins) and, added up here in the transaction that
// stores, how many of its rows were stored or given up.

import { type Columns, columnDefinitions, columnNames, encodeRow, toJson } from '../encode.ts';
import type { Statement, Target } from './statement.ts';

export interface LedgerChange {
  process: string;
  service: string;
  host?: string;
  pid?: number;
  /** -1 when the process reported nothing in this batch. */
  seq: number;
  updated_at: number;
  accepted: number;
  merged: number;
  dropped: Record<string, number>;
  /** Added to what the row has. */
  stored: number;
  dead_lettered: number;
}

const COLUMNS: Columns = {
  process: 'key',
  service: 'text',
  host: 'text',
  pid: 'int',
  seq: 'bigint',
  updated_at: 'timestamptz',
  accepted: 'bigint',
  merged: 'bigint',
  dropped: 'jsonb',
  stored: 'bigint',
  dead_lettered: 'bigint',
};

const REPORTED = ['seq', 'updated_at', 'accepted', 'merged', 'dropped'];

export function upsertLedger(target: Target, changes: readonly LedgerChange[]): Statement {
  const names = columnNames(COLUMNS);
  const text = `
    insert into ${target.schema}.ledger as l (${names})
    select ${names} from json_to_recordset($1::json) as r (${columnDefinitions(COLUMNS)})
    order by process
    on conflict (process) do update set
      ${REPORTED.map((name) => `${name} = case when excluded.seq > l.seq then excluded.${name} else l.${name} end`).join(', ')},
      -- Empty where a dead letter came before any report of its process.
      service = coalesce(nullif(l.service, ''), excluded.service),
      host = coalesce(l.host, excluded.host),
      pid = coalesce(l.pid, excluded.pid),
      stored = l.stored + excluded.stored,
      dead_lettered = l.dead_lettered + excluded.dead_lettered`;
  return { text, values: [toJson(changes.map((change) => encodeRow(change, COLUMNS)))] };
}
