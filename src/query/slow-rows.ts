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
       coalesce(${number('duration_ms')}, ${number('running_ms')}) as millis, ${number('limit_ms')} as limit_ms,
       ${number('self_ms')} as self_ms, ${number('loop_blocked_ms')} as loop_blocked_ms,
       case when jsonb_typeof(tags -> 'rowtrace.slow.children') = 'array' then tags -> 'rowtrace.slow.children' end as children
     from ${quoteName(schema)}.error_logs
     where created_at >= $1 and level = 'WARNING' and tags ? 'rowtrace.slow.judge'
     order by created_at desc limit $2`,
    [since.toISOString(), limit],
  );
}

/** Any sender may fill our tags with something else, and one value that is no number would end the query for all rows. */
function number(name: string): string {
  const tag = `tags -> 'rowtrace.slow.${name}'`;
  return `case when jsonb_typeof(${tag}) = 'number' then (${tag})::float8 end`;
}
