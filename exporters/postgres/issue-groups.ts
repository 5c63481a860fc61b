// Which issues a batch touches and by how much: rows that were really inserted (and rows that were amended) in, one group
// per fingerprint, hour, release and environment out. Pure.

import { hash } from 'node:crypto';
import { isAtLeast, LEVELS, type Level } from '../../src/record/level.ts';
import type { KeyRef } from '../../src/record/row.ts';

/** What counts of a row; ErrorLogRow has it all. */
export interface IssueOccurrence {
  service: string;
  fingerprint: string;
  fingerprint_version: number;
  previous_keys?: readonly KeyRef[];
  created_at: number;
  level: Level;
  message_template: string;
  issue_title?: string | null;
  error_type?: string | null;
  culprit?: string | null;
  release_version?: string | null;
  environment?: string | null;
  route?: string | null;
  user_id?: string | null;
  session_id?: string | null;
  /** How many it stands for. 0: the row was counted before, only what is given here is news. -1: it is taken back. Default: 1. */
  weight?: number;
  /** Where it stands for many: when the last of them was, and their routes. */
  last_seen?: number;
  routes?: Record<string, number>;
  /** With weight 0: the route it was counted under. */
  old_route?: string | null;
}

export interface IssueGroup {
  service: string;
  fingerprint: string;
  version: number;
  previous?: KeyRef[];
  type?: string;
  title: string;
  culprit?: string;
  /** Start of the hour, first and last time seen: Unix milliseconds. */
  hour: number;
  first_seen: number;
  last_seen: number;
  release?: string;
  environment?: string;
  count: number;
  level: Level;
  /** Route → occurrences. */
  routes: Map<string, number>;
  users: Set<number>;
  sessions: Set<number>;
}

const HOUR = 3_600_000;
const MAX_TITLE_LENGTH = 500;
const MAX_PREVIOUS_KEYS = 4;

/** Rows below WARNING make no issue. */
export function groupByIssue(rows: Iterable<IssueOccurrence>): IssueGroup[] {
  // By fingerprint, of which most have one: a text of all that tells groups apart costs more than the rest (1 of 1.8 µs a row).
  const groups = new Map<string, IssueGroup[]>();
  for (const row of rows) {
    if (!isAtLeast(row.level, 'WARNING')) continue;
    const hour = Math.floor(row.created_at / HOUR) * HOUR;
    const known = groups.get(row.fingerprint);
    let group = known?.find((each) => holds(each, row, hour));
    if (!group) {
      group = newGroup(row, hour);
      groups.set(row.fingerprint, [...(known ?? []), group]);
    }
    addTo(group, row);
  }
  return [...groups.values()].flat();
}

function holds(group: IssueGroup, row: IssueOccurrence, hour: number): boolean {
  return (
    group.hour === hour &&
    group.service === row.service &&
    group.version === row.fingerprint_version &&
    group.release === (row.release_version ?? undefined) &&
    group.environment === (row.environment ?? undefined)
  );
}

/** One group per fingerprint, the earliest: what a new issue starts from. Numbers are given in their order. */
export function distinctKeys(groups: readonly IssueGroup[]): IssueGroup[] {
  const keys = new Map<string, IssueGroup>();
  for (const group of groups) {
    const key = JSON.stringify([group.service, group.fingerprint, group.version]);
    const known = keys.get(key);
    if (!known || group.first_seen < known.first_seen) keys.set(key, group);
  }
  return [...keys.values()].sort((a, b) => a.first_seen - b.first_seen);
}

function newGroup(row: IssueOccurrence, hour: number): IssueGroup {
  return {
    service: row.service,
    fingerprint: row.fingerprint,
    version: row.fingerprint_version,
    previous: row.previous_keys?.length ? row.previous_keys.slice(0, MAX_PREVIOUS_KEYS) : undefined,
    type: row.error_type ?? undefined,
    title: (row.issue_title ?? row.message_template).slice(0, MAX_TITLE_LENGTH),
    culprit: row.culprit ?? undefined,
    hour,
    first_seen: row.created_at,
    last_seen: row.last_seen ?? row.created_at,
    release: row.release_version ?? undefined,
    environment: row.environment ?? undefined,
    count: 0,
    level: row.level,
    routes: new Map(),
    users: new Set(),
    sessions: new Set(),
  };
}

function addTo(group: IssueGroup, row: IssueOccurrence): void {
  const weight = row.weight ?? 1;
  group.count += weight;
  if (LEVELS.indexOf(row.level) > LEVELS.indexOf(group.level)) group.level = row.level;
  group.first_seen = Math.min(group.first_seen, row.created_at);
  group.last_seen = Math.max(group.last_seen, row.last_seen ?? row.created_at);
  for (const route in row.routes) addRoute(group, route, row.routes[route]!);
  if (weight !== 0) addRoute(group, row.route, weight);
  else if (row.route !== row.old_route) {
    addRoute(group, row.old_route, -1);
    addRoute(group, row.route, 1);
  }
  if (row.user_id) group.users.add(hashOf(row.user_id));
  if (row.session_id) group.sessions.add(hashOf(row.session_id));
}

function addRoute(group: IssueGroup, route: string | null | undefined, count: number): void {
  if (route) group.routes.set(route, (group.routes.get(route) ?? 0) + count);
}

/** 52 bits, a number that JSON and JavaScript hold: of 1,024 values two are the same once in 10¹⁰ sets. */
function hashOf(text: string): number {
  return Number.parseInt(hash('sha1', text, 'hex').slice(0, 13), 16);
}
