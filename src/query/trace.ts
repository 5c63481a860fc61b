// What did one request do, in all services? Error rows and kept calls of its traces, in the order of time.

import type { Level } from '../record/level.ts';
import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';
import { getOccurrence } from './occurrence.ts';

export interface TraceStep {
  at: Date;
  trace_id: string;
  service: string;
  /** A row of error_logs; a call that was served or made, of http_calls. */
  kind: 'row' | 'server' | 'client';
  /** Of a row. */
  level: Level | null;
  /** Friendly id; null for what makes no issue. */
  issue: string | null;
  error_type: string | null;
  /** Message of a row; method with route, peer or name of a call. */
  what: string;
  http_status: number | null;
  latency_ms: number | null;
  request_id: string | null;
  user_id: string | null;
  event_id: string;
}

export interface TraceQuery {
  /** Trace id, request id, or the id of an event. */
  id: string;
  since: Date;
  /** Default: 200. */
  limit?: number;
}

/** A client may give the same request id to many requests. */
const MOST_TRACES = 20;

/** Oldest first; what began in the same millisecond: served, made, failed. Empty where nothing has that id. */
export async function readTrace(db: Queryable, schema: string, query: TraceQuery): Promise<TraceStep[]> {
  const { id, since, limit = 200 } = query;
  const quoted = quoteName(schema);
  const traces = await tracesOf(db, schema, id, since);
  if (traces.length === 0) return [];
  return db.query<TraceStep>(
    `select * from (
       select e.created_at as at, e.trace_id, e.service, 'row' as kind, e.level::text as level,
         case when e.level >= 'WARNING' then s.key || '-' || i.number end as issue, e.error_type, e.message as what,
         e.http_status, e.latency_ms, e.request_id, e.user_id, e.event_id
       from ${quoted}.error_logs e
       left join ${quoted}.issue_keys k
         on k.service = e.service and k.fingerprint = e.fingerprint and k.version = e.fingerprint_version
       left join ${quoted}.issues i on i.id = k.issue_id
       left join ${quoted}.services s on s.service = i.service
       where e.trace_id = any ($1) and e.created_at >= $2
       union all
       select created_at, trace_id, service, case direction when 'inbound' then 'server' else 'client' end, null, null, error_type,
         concat_ws(' ', http_method, coalesce(route, tags ->> 'span.name'), peer), http_status, latency_ms, request_id,
         user_id, event_id
       from ${quoted}.http_calls where trace_id = any ($1) and created_at >= $2
     ) steps
     order by at, array_position('{server,client,row}', kind), event_id limit $3`,
    [traces, since.toISOString(), limit],
  );
}

/** Rows are asked first, since calls have no index by request. */
async function tracesOf(db: Queryable, schema: string, id: string, since: Date): Promise<string[]> {
  if (/^[0-9a-f]{32}$/i.test(id)) return [id.toLowerCase()];
  const byRequest = async (table: 'error_logs' | 'http_calls'): Promise<string[]> => {
    const found = await db.query<{ trace_id: string }>(
      `select distinct trace_id from ${quoteName(schema)}.${table}
       where request_id = $1 and created_at >= $2 and trace_id is not null limit ${MOST_TRACES}`,
      [id, since.toISOString()],
    );
    return found.map(({ trace_id }) => trace_id);
  };
  const ofRows = await byRequest('error_logs');
  if (ofRows.length > 0) return ofRows;
  const { trace_id } = (await getOccurrence(db, schema, id)) ?? {};
  return trace_id ? [trace_id] : byRequest('http_calls');
}
