// Records that no retry can store. Kept once each, however often they are given up, and not where an earlier attempt took
// them; returns the digests of the new ones.

import { createHash } from 'node:crypto';
import { clampTime } from '../../../src/record/limits.ts';
import { type DeadLetterRow, NO_REQUEST } from '../../../src/record/row.ts';
import { millisOf } from '../../../src/util/uuid.ts';
import { type Columns, columnDefinitions, encodeRow, mendText, timeBounds, toJson } from '../encode.ts';
import type { Statement, Target } from './statement.ts';

const COLUMNS: Columns = {
  event_id: 'text',
  acceptance: 'int',
  process: 'text',
  occurrences: 'bigint',
  resource: 'jsonb',
  kind: 'text',
  reason: 'text',
  raw: 'text',
  digest: 'text',
};
const TAKEN = ['error_logs', 'error_counts'];
const DAY = 86_400_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function insertDeadLetters(target: Target, rows: readonly DeadLetterRow[]): Statement {
  const text = `
    insert into ${target.schema}.dead_letters (event_id, acceptance, process, occurrences, resource, kind, reason, raw, digest)
    select event_id::uuid, acceptance, process, occurrences, resource, kind, reason, raw, digest
    from json_to_recordset($1::json) as r (${columnDefinitions(COLUMNS)})
    where ${TAKEN.map(
      (table) => `not exists (
      select from ${target.schema}.${table} t
      where t.event_id = r.event_id::uuid and coalesce(t.acceptance, ${NO_REQUEST}) = coalesce(r.acceptance, ${NO_REQUEST})
        and t.created_at between $2::timestamptz and $3::timestamptz)`,
    ).join(' and ')}
    order by digest
    on conflict (digest) do nothing
    returning digest`;
  const encoded = rows.map((row) => {
    // The id may be what is wrong with the record; it is in `raw` anyhow.
    const event_id = UUID.test(row.event_id ?? '') ? row.event_id : undefined;
    return encodeRow({ ...row, event_id, occurrences: occurrencesOf(row), digest: digestOf(row) }, COLUMNS);
  });
  return {
    text,
    values: [toJson(encoded), ...boundsOf(encoded.flatMap(({ event_id }) => (event_id as string) ?? []))],
  };
}

/** Of rows that have one of the ids: those of Rowtrace say when the record was captured, a day at most beside it. */
function boundsOf(ids: readonly string[]): [string, string] {
  if (ids.length === 0) return ['infinity', 'infinity'];
  const times = ids.map((id) => millisOf(id) ?? Number.NaN);
  if (!times.every((millis) => millis === clampTime(millis).t)) return ['-infinity', 'infinity'];
  return timeBounds(times.flatMap((millis) => [{ created_at: millis - DAY }, { created_at: millis + DAY }]));
}

export function occurrencesOf({ kind, occurrences = kind === 'log' ? 1 : 0 }: DeadLetterRow): number {
  return occurrences;
}

/** Two receivers' letters of one record are two: each accepted it. */
export function digestOf({ kind, raw, resource }: DeadLetterRow): string {
  return createHash('sha256')
    .update(`${kind}\n${resource?.acceptance ?? ''}${mendText(raw)}`)
    .digest('hex');
}
