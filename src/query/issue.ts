// What is known about one bug? The issue, its keys, counts, routes, releases, tags, history and latest occurrences.

import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';
import { type HistoryEntry, readHistory } from './issue-history.ts';
import { type IssueReleases, readReleases } from './issue-releases.ts';
import { latestBetween, occurrencesOf, readCounted, type Span } from './issue-rows.ts';
import { readTags, type TagShare } from './issue-tags.ts';
import { type Issue, readIssue } from './issues.ts';
import { LOG_COLUMNS, type LogEntry } from './recent-logs.ts';

export interface IssueKey {
  service: string;
  fingerprint: string;
  version: number;
  /** What an issue of this key alone is called. */
  title: string;
  type: string | null;
  culprit: string | null;
  /** 0 for keys that only lead to the issue, such as those of an older version of the algorithm. */
  count: number;
  last_seen: Date | null;
}

export interface IssueDetail extends IssueReleases {
  issue: Issue;
  /** Most frequent first. */
  keys: IssueKey[];
  /** Oldest first; hours without an occurrence are left out. */
  hours: { hour: Date; count: number }[];
  /** Most frequent first, 20 at most; "(other)" stands for the 201st and further ones of a key. */
  routes: { route: string; count: number }[];
  environments: { environment: string; count: number }[];
  tags: TagShare[];
  /** Newest first. */
  history: HistoryEntry[];
  /** Occurrences that were only counted, in a storm: they have no row. */
  counted: number;
  /** Newest first. Empty when the rows were removed while the issue stays. */
  occurrences: LogEntry[];
}

export interface IssueQuery {
  /** Friendly id (API-12) or number; those of merged issues lead to where they went. */
  id: number | string;
  /** Default: 5. */
  occurrences?: number;
  /** How far back the counts per hour go. Default: 7 days before the last occurrence. */
  hoursSince?: Date;
  /** How many of the latest occurrences the shares of tags are of. Default: 100. */
  tagsOf?: number;
}

export async function getIssue(db: Queryable, schema: string, query: IssueQuery): Promise<IssueDetail | undefined> {
  const quoted = quoteName(schema);
  const id = await findIssue(db, schema, query.id);
  const issue = id === undefined ? undefined : await readIssue(db, schema, id);
  if (id === undefined || !issue) return undefined;
  const keys = await db.query<IssueKey>(
    `select k.service, k.fingerprint, k.version, coalesce(k.title, '') as title, k.type, k.culprit,
       coalesce(sum(n.count), 0)::bigint as count, max(n.last_seen) as last_seen
     from ${quoted}.issue_keys k
     left join (
       select key_id, count, last_seen from ${quoted}.issue_key_counts
       union all
       select key_id, count, last_seen from ${quoted}.issue_deltas
     ) n on n.key_id = k.id
     where k.issue_id = $1 group by k.service, k.fingerprint, k.version order by count desc, k.version desc, k.fingerprint`,
    [id],
  );
  const since = query.hoursSince ?? new Date(issue.last_seen.getTime() - 7 * 86_400_000);
  const hours = await db.query<{ hour: Date; count: number }>(
    `select hour, count from ${quoted}.issue_hour_counts where issue_id = $1 and hour >= $2 order by hour`,
    [id, since.toISOString()],
  );
  const routes = await db.query<{ route: string; count: number }>(
    `select route, count from ${quoted}.issue_route_counts where issue_id = $1 order by count desc, route limit 20`,
    [id],
  );
  const environments = await db.query<{ environment: string; count: number }>(
    `select environment, sum(count)::bigint as count from ${quoted}.issue_release_counts
     where issue_id = $1 and environment is not null group by environment order by count desc, environment`,
    [id],
  );
  const { occurrences = 5, tagsOf = 100 } = query;
  const span = await latestBetween(db, quoted, issue, Math.max(occurrences, tagsOf));
  return {
    issue,
    keys,
    hours,
    routes,
    environments,
    ...(await readReleases(db, quoted, issue)),
    tags: await readTags(db, schema, span, tagsOf),
    history: await readHistory(db, quoted, id),
    counted: await readCounted(db, quoted, issue),
    occurrences: await latest(db, quoted, span, occurrences),
  };
}

/** The number of the live issue that a friendly id or a number leads to. */
export async function findIssue(db: Queryable, schema: string, id: number | string): Promise<number | undefined> {
  const [found] = await db.query<{ id: number | null }>(`select ${quoteName(schema)}.find_issue($1) as id`, [
    String(id).trim(),
  ]);
  return found?.id ?? undefined;
}

function latest(db: Queryable, quoted: string, span: Span, limit: number): Promise<LogEntry[]> {
  const where = occurrencesOf(quoted, span);
  return db.query<LogEntry>(
    `select ${LOG_COLUMNS} from ${quoted}.error_logs ${where.clause}
     order by created_at desc, id desc limit ${where.value(limit)}`,
    where.values,
  );
}
