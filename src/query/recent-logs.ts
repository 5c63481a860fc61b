// What happened lately? Rows of error_logs, newest first.

import type { Level } from '../record/level.ts';
import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';
import { Conditions, caseless } from './conditions.ts';

export interface LogEntry {
  id: number;
  event_id: string;
  created_at: Date;
  level: Level;
  message: string;
  message_template: string;
  stack_trace: string | null;
  fingerprint: string;
  fingerprint_version: number;
  error_type: string | null;
  error_code: string | null;
  error_message: string | null;
  service: string;
  environment: string;
  release_version: string | null;
  build_sha: string | null;
  route: string | null;
  function_name: string | null;
  http_method: string | null;
  http_status: number | null;
  latency_ms: number | null;
  request_id: string | null;
  session_id: string | null;
  user_id: string | null;
  trace_id: string | null;
  span_id: string | null;
  module: string | null;
  host: string | null;
  pid: number | null;
  thread_id: number | null;
  tags: Record<string, unknown>;
}

const NAMES = [
  ...['id', 'event_id', 'created_at', 'level', 'message', 'message_template', 'stack_trace', 'fingerprint'],
  ...['fingerprint_version', 'error_type', 'error_code', 'error_message', 'service', 'environment', 'release_version'],
  ...['build_sha', 'route', 'function_name', 'http_method', 'http_status', 'latency_ms', 'request_id', 'session_id'],
  ...['user_id', 'trace_id', 'span_id', 'module', 'host', 'pid', 'thread_id', 'tags'],
];
/** Columns of a LogEntry, for queries of this room. */
export const LOG_COLUMNS = NAMES.join(', ');

const LIMIT = 50;
/** Most often enough; a plan of every day of two years takes 5,200 locks. */
const LATEST_MILLIS = 7 * 86_400_000;

export interface LogFilter {
  /** Captured since then. Without it all partitions are looked at, where the last days have too few. */
  since?: Date;
  until?: Date;
  /** This level or worse. */
  level?: Level;
  service?: string;
  /** Part of the message, in any case. */
  text?: string;
  request_id?: string;
  trace_id?: string;
  /** Promoted columns that each entry has, too, by their names. */
  columns?: readonly string[];
  /** Default: 50. */
  limit?: number;
}

export async function recentLogs(db: Queryable, schema: string, filter: LogFilter = {}): Promise<LogEntry[]> {
  if (!filter.since) {
    const latest = await select(db, schema, { ...filter, since: new Date(Date.now() - LATEST_MILLIS) });
    if (latest.length >= (filter.limit ?? LIMIT)) return latest;
  }
  return select(db, schema, filter);
}

function select(db: Queryable, schema: string, filter: LogFilter): Promise<LogEntry[]> {
  const where = logConditions(schema, filter);
  const promoted = (filter.columns ?? []).map((name) => `, ${quoteName(name, 'columns')}`).join('');
  return db.query<LogEntry>(
    `select ${LOG_COLUMNS}${promoted} from ${quoteName(schema)}.error_logs ${where.clause}
     order by created_at desc, id desc limit ${where.value(filter.limit ?? LIMIT)}`,
    where.values,
  );
}

/** All of the filter but its columns and its limit. */
export function logConditions(schema: string, filter: LogFilter): Conditions {
  const where = new Conditions();
  if (filter.since) where.add('created_at >= $?', filter.since.toISOString());
  if (filter.until) where.add('created_at < $?', filter.until.toISOString());
  if (filter.level) where.add(`level >= $?::${quoteName(schema)}.level`, filter.level);
  if (filter.service) where.add('service = $?', filter.service);
  if (filter.text) where.add(`strpos(${caseless('message')}, ${caseless('$?::text')}) > 0`, filter.text);
  if (filter.request_id) where.add('request_id = $?', filter.request_id);
  if (filter.trace_id) where.add('trace_id = $?', filter.trace_id);
  return where;
}
