// Which issues a batch touches and by how much: rows that were really inserted (and rows whose level was raised) in, one
// group per fingerprint and hour out. Pure.

import { isAtLeast, LEVELS, type Level } from '../../src/record/level.ts';

/** What counts of a row; ErrorLogRow has it all. */
export interface IssueOccurrence {
  service: string;
  fingerprint: string;
  fingerprint_version: number;
  created_at: number;
  level: Level;
  message_template: string;
  issue_title?: string | null;
  error_type?: string | null;
  culprit?: string | null;
  release_version?: string | null;
  /** 0: the row was counted before, only its level is news. Default: 1. */
  weight?: 0 | 1;
}

export interface IssueGroup {
  service: string;
  fingerprint: string;
  version: number;
  type?: string;
  title: string;
  culprit?: string;
  /** Start of the hour, first and last time seen: Unix milliseconds. */
  hour: number;
  first_seen: number;
  last_seen: number;
  first_release?: string;
  last_release?: string;
  count: number;
  level: Level;
}

const HOUR = 3_600_000;
const MAX_TITLE_LENGTH = 500;

/** Rows below WARNING make no issue. */
export function groupByIssue(rows: Iterable<IssueOccurrence>): IssueGroup[] {
  const groups = new Map<string, IssueGroup>();
  for (const row of rows) {
    if (!isAtLeast(row.level, 'WARNING')) continue;
    const hour = Math.floor(row.created_at / HOUR) * HOUR;
    const key = JSON.stringify([row.service, row.fingerprint, row.fingerprint_version, hour]);
    const group = groups.get(key);
    if (group) addTo(group, row);
    else groups.set(key, newGroup(row, hour));
  }
  return [...groups.values()];
}

/** One group per fingerprint, the earliest hour's: what a new issue starts from. */
export function distinctKeys(groups: readonly IssueGroup[]): IssueGroup[] {
  const keys = new Map<string, IssueGroup>();
  for (const group of groups) {
    const key = JSON.stringify([group.service, group.fingerprint, group.version]);
    const known = keys.get(key);
    if (!known || group.hour < known.hour) keys.set(key, group);
  }
  return [...keys.values()];
}

function newGroup(row: IssueOccurrence, hour: number): IssueGroup {
  return {
    service: row.service,
    fingerprint: row.fingerprint,
    version: row.fingerprint_version,
    type: row.error_type ?? undefined,
    title: (row.issue_title ?? row.message_template).slice(0, MAX_TITLE_LENGTH),
    culprit: row.culprit ?? undefined,
    hour,
    first_seen: row.created_at,
    last_seen: row.created_at,
    first_release: row.release_version ?? undefined,
    last_release: row.release_version ?? undefined,
    count: row.weight ?? 1,
    level: row.level,
  };
}

function addTo(group: IssueGroup, row: IssueOccurrence): void {
  group.count += row.weight ?? 1;
  if (LEVELS.indexOf(row.level) > LEVELS.indexOf(group.level)) group.level = row.level;
  if (row.created_at < group.first_seen) {
    group.first_seen = row.created_at;
    group.first_release = row.release_version ?? undefined;
  }
  if (row.created_at >= group.last_seen) {
    group.last_seen = row.created_at;
    group.last_release = row.release_version ?? undefined;
  }
}
