// What is new since the last look? For `tail`. Rows become visible when they are delivered, which may be after rows that
// were captured later, and ids become visible when their transaction ends, which may be after higher ones. So a cursor
// alone would miss rows: the last stretch of ids is looked at again, but for those that were given.

import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';
import { LOG_COLUMNS, type LogEntry, type LogFilter, logConditions } from './recent-logs.ts';

export interface LogFollower {
  /**
   * Rows stored since the last call (since the follower was made), in order of capture; at most `limit`, the rest of more
   * with the next calls.
   */
  next(): Promise<LogEntry[]>;
  readonly limit: number;
}

/** How many ids may be under way in other transactions at a time: ten batches. */
const OVERLAP = 10_000;
/** A transaction that took an id is over by then: its statements have 8 s each. */
const SETTLED_MILLIS = 60_000;
/** Rows captured longer ago than this are no news, and without a bound every partition would be read. */
const WINDOW_MILLIS = 3_600_000;

export async function followLogs(
  db: Queryable,
  schema: string,
  { limit = 500, ...filter }: Omit<LogFilter, 'since' | 'until' | 'columns'> = {},
): Promise<LogFollower> {
  const table = `${quoteName(schema)}.error_logs`;
  const before = await db.query<{ id: number }>(
    `select id from ${table} where created_at >= $1
       and id > (select max(id) from ${table} where created_at >= $1) - ${OVERLAP}`,
    [windowStart().toISOString()],
  );
  let given = before.map(({ id }) => id);
  let highest = Math.max(0, ...given);
  // Ids up to here are not looked at again; `given` are those above it.
  let floor = highest - OVERLAP;
  const marks = [{ at: Date.now(), highest }];

  return {
    limit,
    next: async () => {
      const at = Date.now();
      const where = logConditions(schema, { ...filter, since: windowStart() });
      where.add('id > $?', floor);
      where.add('id not in (select value::bigint from json_array_elements_text($?::json))', JSON.stringify(given));
      // Lowest ids first, so that what is beyond the limit is above all that was given.
      const rows = await db.query<LogEntry>(
        `select ${LOG_COLUMNS} from ${table} ${where.clause} order by id limit ${where.value(limit)}`,
        where.values,
      );
      given.push(...rows.map(({ id }) => id));
      highest = rows.reduce((most, { id }) => Math.max(most, id), highest);
      if (rows.length < limit) {
        while (marks.length > 0 && marks[0]!.at < at - SETTLED_MILLIS) floor = Math.max(floor, marks.shift()!.highest);
        if (highest > floor) marks.push({ at, highest });
      }
      floor = Math.max(floor, highest - OVERLAP);
      given = given.filter((id) => id > floor);
      return rows.sort((a, b) => a.created_at.getTime() - b.created_at.getTime() || a.id - b.id);
    },
  };
}

function windowStart(): Date {
  return new Date(Date.now() - WINDOW_MILLIS);
}
