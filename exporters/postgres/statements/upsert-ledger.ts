// One row a process: the absolute counters it reported (the newest seq wins; accepted and merged only rise) and, added up
// here in the transaction that stores, what became of its records.

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
  /** Added to what the row has; may be negative. */
  stored: number;
  absorbed: number;
  aggregated: number;
  dead_lettered: number;
  discarded: number;
  /** No journal of the process is left. */
  ended?: true;
}

const COUNTED: Columns = {
  stored: 'bigint',
  absorbed: 'bigint',
  aggregated: 'bigint',
  dead_lettered: 'bigint',
  discarded: 'bigint',
};

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
  ...COUNTED,
};

const REPORTED = ['seq', 'updated_at', 'dropped'];
const RISING = ['accepted', 'merged'];

/** @param replayed from a dead letter, by hand: says nothing of whether the process is still there */
export function upsertLedger(target: Target, changes: readonly LedgerChange[], replayed = false): Statement {
  const names = columnNames(COLUMNS);
  const text = `
    insert into ${target.schema}.ledger as l (${names}, ended_at)
    select ${names}, case when ended then now() end
    from json_to_recordset($1::json) as r (${columnDefinitions({ ...COLUMNS, ended: 'boolean' })})
    order by process
    on conflict (process) do update set
      ${REPORTED.map((name) => `${name} = case when excluded.seq > l.seq then excluded.${name} else l.${name} end`).join(', ')},
      ${RISING.map((name) => `${name} = greatest(excluded.${name}, l.${name})`).join(', ')},
      -- Whoever reports or stores something has not ended yet, or comes back by another journal.
      ended_at = case
        when excluded.ended_at is null and ($2::boolean or excluded.seq <= l.seq and excluded.stored <= 0) then l.ended_at
        else excluded.ended_at
      end,
      -- Empty where a dead letter came before any report of its process.
      service = coalesce(nullif(l.service, ''), excluded.service),
      host = coalesce(l.host, excluded.host),
      pid = coalesce(l.pid, excluded.pid),
      ${Object.keys(COUNTED)
        .map((name) => `${name} = l.${name} + excluded.${name}`)
        .join(', ')}`;
  const rows = changes.map((change) => ({ ...encodeRow(change, COLUMNS), ended: change.ended }));
  return { text, values: [toJson(rows), String(replayed)] };
}
