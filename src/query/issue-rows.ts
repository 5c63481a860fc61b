// Which rows of error_logs are an issue's? A condition and its values; how many have none.

import type { Queryable } from '../store/db.ts';
import type { Issue } from './issues.ts';

/** Rows of error_logs, or of error_counts, of an issue: $1 to $3 are the values of `occurrencesBetween`. */
export function occurrencesOf(quoted: string): string {
  // Rows below WARNING may share a fingerprint, but are none of the issue's.
  return `(service, fingerprint, fingerprint_version) in
      (select service, fingerprint, version from ${quoted}.issue_keys where issue_id = $1)
    and created_at between $2 and $3 and level >= 'WARNING'`;
}

/** Of its occurrences, those that a storm left without a row. @param quoted schema */
export async function readCounted(db: Queryable, quoted: string, issue: Issue): Promise<number> {
  const [row] = await db.query<{ counted: number }>(
    `select coalesce(sum(count), 0)::bigint as counted from ${quoted}.error_counts where ${occurrencesOf(quoted)}`,
    occurrencesBetween(issue),
  );
  return row!.counted;
}

/** An issue, and from when to when. The times let the planner leave out partitions. */
export type Span = [issue: number, since: string, until: string];

function occurrencesBetween({ id, first_seen, last_seen }: Issue): Span {
  // Dates hold milliseconds, the column microseconds.
  return [id, first_seen.toISOString(), new Date(last_seen.getTime() + 1).toISOString()];
}

/**
 * The span of so many of its latest rows. The counts per hour tell where it may begin; rows decide, since counts are also of
 * occurrences that have none. Without it the planner, which takes all keys for equally frequent, reads and sorts all rows of
 * an issue of 100,000 for the latest five. @param quoted schema
 */
export async function latestBetween(db: Queryable, quoted: string, issue: Issue, rows: number): Promise<Span> {
  const [id, first, until] = occurrencesBetween(issue);
  if (issue.count <= rows) return [id, first, until];
  const [start] = await db.query<{ hour: Date | null }>(
    `select min(hour) as hour from (
       select hour, sum(count) over (order by hour desc) - count as later from ${quoted}.issue_hour_counts where issue_id = $1
     ) h where later < $2`,
    [id, rows],
  );
  const since = start!.hour?.toISOString();
  if (since === undefined || since <= first) return [id, first, until];
  const [found] = await db.query<{ enough: boolean }>(
    `select count(*) >= $4::bigint as enough from (
       select from ${quoted}.error_logs where ${occurrencesOf(quoted)} limit $4::bigint
     ) o`,
    [id, since, until, rows],
  );
  return [id, found!.enough ? since : first, until];
}
