// Which bugs are there? With exact counts and the status that holds now, marked new, regressed, escalating.

import type { Level } from '../record/level.ts';
import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';
import { Conditions, caseless } from './conditions.ts';

export type IssueStatus = 'open' | 'resolved' | 'ignored' | 'regressed';

/**
 * new: first seen in the last 24 hours. regressed: came back after it was resolved. escalating: the last hour's count is
 * over ten and five times the hourly mean of the last seven days.
 */
export type IssueFlag = 'new' | 'regressed' | 'escalating';

export interface Issue {
  id: number;
  /** API-12: the key of the service and a number of its own; stays for ever. */
  friendly_id: string;
  title: string;
  type: string | null;
  culprit: string | null;
  service: string;
  /** The worst level seen. */
  level: Level;
  status: IssueStatus;
  status_changed_at: Date;
  count: number;
  first_seen: Date;
  last_seen: Date;
  first_release: string | null;
  last_release: string | null;
  /** Distinct; exact below 1,024, beyond that estimated with a standard error of 3 %. */
  users: number;
  sessions: number;
  resolved_how: 'now' | 'release' | 'next-release' | null;
  /** The release it was resolved in; for "now" and "next-release" the newest one at that time. */
  resolved_release: string | null;
  ignored_until: Date | null;
  /** Ignored for so many more occurrences, within the period if there is one. */
  ignored_count: number | null;
  ignored_period_ms: number | null;
  flags: IssueFlag[];
}

export type IssueSort = 'last_seen' | 'first_seen' | 'count' | 'escalating';

export interface IssueFilter {
  /** Seen since then. */
  since?: Date;
  /** This level or worse. */
  level?: Level;
  service?: string;
  status?: IssueStatus;
  /** Occurred in this release. */
  release?: string;
  /** First seen in this release. */
  firstRelease?: string;
  /** Part of title, type or culprit, in any case. */
  text?: string;
  /** Highest (newest) first. Default: last_seen. */
  sort?: IssueSort;
  /** Default: 50. */
  limit?: number;
}

export function listIssues(db: Queryable, schema: string, filter: IssueFilter = {}): Promise<Issue[]> {
  const quoted = quoteName(schema);
  const where = new Conditions();
  if (filter.since) where.add('last_seen >= $?', filter.since.toISOString());
  if (filter.level) where.add(`level >= $?::${quoted}.level`, filter.level);
  if (filter.service) where.add('service = $?', filter.service);
  if (filter.status) where.add('status = $?', filter.status);
  if (filter.release)
    where.add(`id in (select issue_id from ${quoted}.issue_release_counts where release = $?)`, filter.release);
  if (filter.firstRelease) where.add('first_release = $?', filter.firstRelease);
  // strpos and not like: the text is a text and no pattern.
  if (filter.text)
    where.add(`strpos(${caseless("concat_ws(' ', title, type, culprit)")}, ${caseless('$?::text')}) > 0`, filter.text);
  return selectIssues(db, quoted, where, filter.sort ?? 'last_seen', filter.limit ?? 50);
}

/** One issue as it is listed. `id` is that of a live issue. */
export async function readIssue(db: Queryable, schema: string, id: number): Promise<Issue | undefined> {
  const where = new Conditions();
  where.add('id = $?', id);
  return (await selectIssues(db, quoteName(schema), where, 'last_seen', 1))[0];
}

function selectIssues(db: Queryable, quoted: string, where: Conditions, sort: IssueSort, limit: number) {
  const order = sort === 'escalating' ? 'growth desc nulls last, last_seen desc, id desc' : `${sort} desc, id desc`;
  const bound = where.value(limit);
  // What only the listed issues need is asked for them alone; to sort by growth it is needed of all.
  const early = sort === 'escalating' ? '' : `order by ${order} limit ${bound}`;
  const growth =
    sort === 'escalating'
      ? `left join ${quoted}.issue_growth g on g.issue_id = f.id`
      : `left join lateral (select growth from ${quoted}.issue_growth where issue_id = f.id offset 0) g on true`;
  return db.query<Issue>(
    `with found as (
       select * from ${quoted}.issue_list ${where.clause} ${early}
     ), marked as (
       select f.*, g.growth,
         array_remove(array[
           case when f.first_seen > now() - interval '24 hours' then 'new' end,
           case when f.status = 'regressed' then 'regressed' end,
           case when g.growth is not null then 'escalating' end
         ], null) as flags
       from found f ${growth}
     ), listed as (
       select * from marked order by ${order} limit ${bound}
     )
     select id, friendly_id, title, type, culprit, service, level, status, status_changed_at, count, first_seen, last_seen,
       first_release, last_release, ${quoted}.issue_people(id, 'user') as users,
       ${quoted}.issue_people(id, 'session') as sessions, resolved_how, resolved_release, ignored_until, ignored_count,
       ignored_period_ms, flags
     from listed order by ${order}`,
    where.values,
  );
}
