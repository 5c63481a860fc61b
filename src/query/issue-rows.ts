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

/** The times let the planner leave out partitions. */
export function occurrencesBetween({ id, first_seen, last_seen }: Issue): [number, string, string] {
  // Dates hold milliseconds, the column microseconds.
  return [id, first_seen.toISOString(), new Date(last_seen.getTime() + 1).toISOString()];
}
