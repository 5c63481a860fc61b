// What was written just now and is part of another one by then: the insert may have waited for the writer that took the
// same record back, whose note it could not see. Such records are gone again. Return which.

import { type ErrorLogRow, NO_REQUEST } from '../../../src/record/row.ts';
import { type Columns, columnDefinitions, encodeRow, timeBounds, toJson } from '../encode.ts';
import type { Statement, Target } from './statement.ts';

const KEY: Columns = { event_id: 'uuid', created_at: 'timestamptz' };

export function removeNoted({ schema }: Target, rows: readonly ErrorLogRow[]): Statement {
  const text = `
    delete from ${schema}.error_logs l
    using json_to_recordset($1::json) as r (${columnDefinitions(KEY)})
    where l.event_id = r.event_id and l.created_at = r.created_at
      and l.created_at between $2::timestamptz and $3::timestamptz
      and exists (select from ${schema}.repeats n where n.event_id = r.event_id)
    returning l.event_id::text`;
  return { text, values: [toJson(rows.map((row) => encodeRow(row, KEY))), ...timeBounds(rows)] };
}

export function removeNotedLetters({ schema }: Target, digests: readonly string[]): Statement {
  const text = `
    delete from ${schema}.dead_letters d
    using ${schema}.repeats n
    where d.digest in (select value from json_array_elements_text($1::json))
      and n.event_id = d.event_id and n.acceptance = coalesce(d.acceptance, ${NO_REQUEST})
    returning d.digest`;
  return { text, values: [toJson(digests)] };
}

/**
 * The failure of a span, or what it told of one, which another receiver may take for part of an exception. A process' own come
 * again in front of what they are part of, and nobody else takes them back.
 */
export function mayBePart({ acceptance, trace_id, error_type, occurrence }: ErrorLogRow): boolean {
  if (acceptance === undefined || trace_id === undefined) return false;
  // Only log records come without a path.
  return error_type === undefined || occurrence?.path !== undefined;
}
