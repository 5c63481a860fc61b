// What is known about one bug? The issue, its fingerprints, its counts per hour and its latest occurrences.

import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';
import type { Issue } from './issues.ts';
import { LOG_COLUMNS, type LogEntry } from './recent-logs.ts';

export interface IssueKey {
  service: string;
  fingerprint: string;
  version: number;
}

export interface IssueDetail {
  issue: Issue;
  keys: IssueKey[];
  /** Oldest first; hours without an occurrence are left out. */
  hours: { hour: Date; count: number }[];
  /** Newest first. Empty when the rows were removed while the issue stays. */
  occurrences: LogEntry[];
}

export interface IssueQuery {
  id: number;
  /** Default: 5. */
  occurrences?: number;
  /** How far back the counts per hour go. Default: 7 days before the last occurrence. */
  hoursSince?: Date;
}

export async function getIssue(db: Queryable, schema: string, query: IssueQuery): Promise<IssueDetail | undefined> {
  const quoted = quoteName(schema);
  const [issue] = await db.query<Issue>(`select * from ${quoted}.issue_list where id = $1`, [query.id]);
  if (!issue) return undefined;
  const keys = await db.query<IssueKey>(
    `select service, fingerprint, version from ${quoted}.issue_keys where issue_id = $1 order by 1, 2, 3`,
    [query.id],
  );
  const since = query.hoursSince ?? new Date(issue.last_seen.getTime() - 7 * 86_400_000);
  const hours = await db.query<{ hour: Date; count: number }>(
    `select hour, count from ${quoted}.issue_hour_counts where issue_id = $1 and hour >= $2 order by hour`,
    [query.id, since.toISOString()],
  );
  // Rows below WARNING may share a fingerprint, but are none of the issue's.
  const occurrences = await db.query<LogEntry>(
    `select ${LOG_COLUMNS}
     from ${quoted}.error_logs
     where (service, fingerprint, fingerprint_version) in
         (select service, fingerprint, version from ${quoted}.issue_keys where issue_id = $1)
       and created_at between $2 and $3 and level >= 'WARNING'
     order by created_at desc, id desc limit $4`,
    [query.id, issue.first_seen.toISOString(), endOf(issue.last_seen), query.occurrences ?? 5],
  );
  return { issue, keys, hours, occurrences };
}

/** Dates hold milliseconds, the column microseconds. */
function endOf(time: Date): string {
  return new Date(time.getTime() + 1).toISOString();
}
