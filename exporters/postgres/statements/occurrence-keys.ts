// Carriers of exceptions known by key. The first statement makes rows or locks those that are there, in the order of the
// keys, so that two batches with one exception take turns; the second writes down who came.

import type { Carrier } from '../../../src/record/occurrence.ts';
import type { ErrorLogRow } from '../../../src/record/row.ts';
import { encodeTime, toJson } from '../encode.ts';
import type { Statement, Target } from './statement.ts';

/** Longer than a Collector tries again by default (5 minutes), and than an outage that somebody looks at. */
const KEPT = '6 hours';

export interface KnownOccurrence {
  key: string;
  carriers: Carrier[];
}

export function takeOccurrences(target: Target, rows: readonly ErrorLogRow[]): Statement {
  const first = new Map<string, object>();
  for (const { occurrence, event_id, created_at } of rows)
    if (occurrence && !first.has(occurrence.key))
      first.set(occurrence.key, { key: occurrence.key, event_id, created_at: encodeTime(created_at) });
  const text = `
    insert into ${target.schema}.occurrence_keys as o (key, event_id, created_at, expires_at)
    select key, event_id, created_at, now() + interval '${KEPT}'
    from json_to_recordset($1::json) as r (key text, event_id uuid, created_at timestamptz)
    order by key
    on conflict (key) do update set expires_at = excluded.expires_at
    returning key, carriers`;
  return { text, values: [toJson([...first.values()])] };
}

export function noteCarriers(target: Target, known: ReadonlyMap<string, readonly Carrier[]>): Statement {
  const text = `
    update ${target.schema}.occurrence_keys o set carriers = r.carriers
    from json_to_recordset($1::json) as r (key text, carriers jsonb)
    where o.key = r.key`;
  return { text, values: [toJson([...known].map(([key, carriers]) => ({ key, carriers })))] };
}
