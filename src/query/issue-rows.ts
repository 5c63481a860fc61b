// Which rows of error_logs are an issue's? Conditions with their values; how many occurrences have none. The counts per hour
// tell on which days to look, so that the planner leaves out the partitions of all others: two years of them take 5,000 locks.

import type { Queryable } from '../store/db.ts';
import { Conditions } from './conditions.ts';
import type { Issue } from './issues.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Days that one statement sums up: as many partitions are locked. */
const DAYS_AT_ONCE = 30;

/** An issue, and when occurrences of it were captured: Unix milliseconds, the latest first. */
export interface Span {
  issue: number;
  stretches: readonly { from: number; until: number }[];
}

/** Rows of error_logs, or of error_counts, of an issue. */
export function occurrencesOf(quoted: string, { issue, stretches }: Span): Conditions {
  const where = new Conditions();
  // Rows below WARNING may share a fingerprint, but are none of the issue's.
  where.add(
    `(service, fingerprint, fingerprint_version) in
      (select service, fingerprint, version from ${quoted}.issue_keys where issue_id = $?) and level >= 'WARNING'`,
    issue,
  );
  const within = ({ from, until }: Span['stretches'][number]) =>
    `created_at >= ${where.value(new Date(from).toISOString())} and created_at < ${where.value(new Date(until).toISOString())}`;
  // For the index, which takes no list of times; the list is for the planner.
  where.add(within({ from: stretches.at(-1)?.from ?? 0, until: stretches[0]?.until ?? 0 }));
  if (stretches.length > 1) where.add(`(${stretches.map(within).join(' or ')})`);
  return where;
}

/** Of its occurrences, those that a storm left without a row. @param quoted schema */
export async function readCounted(db: Queryable, quoted: string, { id }: Issue): Promise<number> {
  const days = [...new Set((await hoursOf(db, quoted, id)).map(dayOf))];
  let counted = 0;
  for (let at = 0; at < days.length; at += DAYS_AT_ONCE) {
    const starts = days.slice(at, at + DAYS_AT_ONCE).map((day) => day * DAY);
    const where = occurrencesOf(quoted, spanOf(id, starts, DAY));
    const [row] = await db.query<{ counted: number }>(
      `select coalesce(sum(count), 0)::bigint as counted from ${quoted}.error_counts ${where.clause}`,
      where.values,
    );
    counted += row!.counted;
  }
  return counted;
}

/**
 * The span of so many of its latest rows. The counts per hour tell where they are; rows decide, since counts are also of
 * occurrences that have none. Without it the planner, which takes all keys for equally frequent, reads and sorts all rows of
 * an issue of 100,000 for the latest five. @param quoted schema
 */
export async function latestBetween(db: Queryable, quoted: string, { id, count }: Issue, rows: number): Promise<Span> {
  const likely = spanOf(id, await hoursOf(db, quoted, id, rows));
  if (count <= rows) return likely;
  const where = occurrencesOf(quoted, likely);
  const most = where.value(rows);
  const [found] = await db.query<{ enough: boolean }>(
    `select count(*) >= ${most}::bigint as enough from (
       select from ${quoted}.error_logs ${where.clause} limit ${most}::bigint
     ) o`,
    where.values,
  );
  return found!.enough ? likely : spanOf(id, await hoursOf(db, quoted, id));
}

/** Hours with occurrences, the latest first. @param latest only those of so many of the latest */
async function hoursOf(db: Queryable, quoted: string, issue: number, latest?: number): Promise<number[]> {
  const rows = await db.query<{ hour: Date }>(
    `select hour from (
       select hour, sum(count) over (order by hour desc) - count as later from ${quoted}.issue_hour_counts where issue_id = $1
     ) h where $2::bigint is null or later < $2::bigint order by hour desc`,
    [issue, latest ?? null],
  );
  return rows.map(({ hour }) => hour.getTime());
}

/** @param starts the latest first; those of one day, and of days that touch, become one stretch */
function spanOf(issue: number, starts: readonly number[], size = HOUR): Span {
  const stretches: { from: number; until: number }[] = [];
  for (const from of starts) {
    const later = stretches.at(-1);
    if (later && dayOf(later.from) - dayOf(from) <= 1) later.from = from;
    else stretches.push({ from, until: from + size });
  }
  return { issue, stretches };
}

/** A partition is a day of UTC. */
function dayOf(time: number): number {
  return Math.floor(time / DAY);
}
