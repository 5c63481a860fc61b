// What was slow lately? Rows of slow spans and of spans that hang, with what they were judged against.

import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';
import type { LogEntry } from './recent-logs.ts';

export interface SlowRow extends Pick<LogEntry, 'event_id' | 'created_at' | 'message' | 'service' | 'trace_id'> {
  /** limit, baseline or running. */
  judge: string;
  millis: number | null;
  limit_ms: number | null;
  self_ms: number | null;
  loop_blocked_ms: number | null;
  children: string[] | null;
}

/** Newest first. */
export function slowRows(
  db: Queryable,
  schema: string,
  { since, limit = 50 }: { since: Date; limit?: number },
): Promise<SlowRow[]> {
  return db.query<SlowRow>(
    `select event_id, created_at, message, service, trace_id, tags ->> 'rowtrace.slow.judge' as judge,
       coalesce(tags -> 'rowtrace.slow.duration_ms', tags -> 'rowtrace.slow.running_ms')::float8 as millis,
       (tags -> 'rowtrace.slow.limit_ms')::float8 as limit_ms, (tags -> 'rowtrace.slow.self_ms')::float8 as self_ms,
       (tags -> 'rowtrace.slow.loop_blocked_ms')::float8 as loop_blocked_ms, tags -> 'rowtrace.slow.children' as children
     from ${quoteName(schema)}.error_logs
     where created_at >= $1 and level = 'WARNING' and tags ? 'rowtrace.slow.judge'
     order by created_at desc limit $2`,
    [since.toISOString(), limit],
  );
}
