// What is new since the last look? For `tail`. Rows become visible when they are delivered, which may be after rows that
// were captured later, and ids become visible when their transaction ends, which may be after higher ones. So a cursor
// alone would miss rows: the last stretch is read again, and what was given before is left out.

import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';
import { type LogEntry, type LogFilter, recentLogs } from './recent-logs.ts';

export interface LogFollower {
  /** Rows stored since the last call (since the follower was made), in order of capture; at most `limit`. */
  next(): Promise<LogEntry[]>;
}

/** How many ids may be under way in other transactions at a time. */
const OVERLAP = 2_000;
/** Rows captured longer ago than this are no news, and without a bound every partition would be read. */
const WINDOW_MILLIS = 3_600_000;

export async function followLogs(
  db: Queryable,
  schema: string,
  filter: Omit<LogFilter, 'afterId' | 'since' | 'until'> = {},
): Promise<LogFollower> {
  const [start] = await db.query<{ id: number | null }>(
    `select max(id) as id from ${quoteName(schema)}.error_logs where created_at >= $1`,
    [windowStart().toISOString()],
  );
  const startId = start!.id ?? 0;
  let highest = startId;
  let given = new Set<number>();
  const limit = filter.limit ?? 500;

  return {
    next: async () => {
      const afterId = Math.max(startId, highest - OVERLAP);
      const rows = await recentLogs(db, schema, { ...filter, since: windowStart(), afterId, limit: limit + OVERLAP });
      const fresh = rows.filter(({ id }) => !given.has(id)).slice(0, limit);
      given = new Set(rows.map(({ id }) => id));
      highest = Math.max(highest, ...given);
      return fresh.reverse();
    },
  };
}

function windowStart(): Date {
  return new Date(Date.now() - WINDOW_MILLIS);
}
