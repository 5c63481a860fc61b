// Which bugs are there? Newest first, with exact counts.

import type { Level } from '../record/level.ts';
import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';
import { Conditions } from './conditions.ts';

export type IssueStatus = 'open' | 'resolved' | 'ignored' | 'regressed';

export interface Issue {
  id: number;
  title: string;
  type: string | null;
  culprit: string | null;
  service: string;
  /** The worst level seen. */
  level: Level;
  status: IssueStatus;
  count: number;
  first_seen: Date;
  last_seen: Date;
  first_release: string | null;
  last_release: string | null;
}

export interface IssueFilter {
  /** Seen since then. */
  since?: Date;
  /** This level or worse. */
  level?: Level;
  service?: string;
  status?: IssueStatus;
  /** Part of title, type or culprit, in any case. */
  text?: string;
  /** Default: 50. */
  limit?: number;
}

export function listIssues(db: Queryable, schema: string, filter: IssueFilter = {}): Promise<Issue[]> {
  const where = new Conditions();
  if (filter.since) where.add('last_seen >= $?', filter.since.toISOString());
  if (filter.level) where.add(`level >= $?::${quoteName(schema)}.level`, filter.level);
  if (filter.service) where.add('service = $?', filter.service);
  if (filter.status) where.add('status = $?', filter.status);
  // strpos and not like: the text is a text and no pattern.
  if (filter.text) where.add(`strpos(lower(concat_ws(' ', title, type, culprit)), lower($?::text)) > 0`, filter.text);
  return db.query<Issue>(
    `select * from ${quoteName(schema)}.issue_list ${where.clause} order by last_seen desc, id desc limit ${where.value(filter.limit ?? 50)}`,
    where.values,
  );
}
