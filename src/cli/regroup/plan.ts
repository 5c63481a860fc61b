// What would new rules, or the current version of the algorithm, join and part? Stored occurrences in, one by one; a plan
// out. Pure: nothing is changed by it.

import { FINGERPRINT_VERSION, type FingerprintRule } from '../../record/fingerprint/index.ts';
import { fingerprintStored, type StoredEvent } from '../../record/stored-event.ts';

export interface PlannedKey {
  service: string;
  fingerprint: string;
  type: string;
  template: string;
  /** Why a new event like it would get the key; the last of its sentences. */
  because: string;
}

export interface Join {
  key: PlannedKey;
  /** With how many of the occurrences, most first; 0 for an issue that has the key already. */
  issues: { issue: number; count: number }[];
}

export interface Part {
  issue: number;
  /** Most frequent first. */
  into: { key: PlannedKey; count: number }[];
}

export interface Plan {
  occurrences: number;
  /** Those that would get another key. */
  moved: number;
  /** Those whose key cannot be computed again; they are taken to keep it. */
  unknown: number;
  joins: Join[];
  parts: Part[];
  /** Issues that get another key as a whole and share it with no other. */
  renamed: number[];
}

export interface Planner {
  add(row: StoredEvent & { issue_id: number }): void;
  /** Keys that occurrences would get and do not have. */
  newKeys(): PlannedKey[];
  /** `known`: issues that have one of the new keys already. */
  plan(known: readonly { service: string; fingerprint: string; issue_id: number }[]): Plan;
}

/** `current`: the rules by which keys were made until now, as far as they are known. */
export function createPlanner(rules: readonly FingerprintRule[], current: readonly FingerprintRule[]): Planner {
  const keys = new Map<string, PlannedKey>();
  /** Key → issue → occurrences. */
  const byKey = new Map<string, Map<number, number>>();
  /** Issue → old key → new key → occurrences. What people merged stays one issue: only an old key can part. */
  const byIssue = new Map<number, Map<string, Map<string, number>>>();
  const isNew = new Set<string>();
  let occurrences = 0;
  let moved = 0;
  let unknown = 0;

  return {
    add(row) {
      const found = newKey(row, rules, current);
      const name = nameOf(found.key);
      occurrences++;
      if (!found.known) unknown++;
      if (found.key.fingerprint !== row.fingerprint) {
        moved++;
        isNew.add(name);
      }
      if (!keys.has(name)) keys.set(name, found.key);
      increase(inner(byKey, name), row.issue_id);
      increase(inner(inner(byIssue, row.issue_id), row.fingerprint), name);
    },
    newKeys: () => [...isNew].map((name) => keys.get(name)!),
    plan(known) {
      for (const { issue_id, ...key } of known) {
        const issues = byKey.get(nameOf(key));
        if (issues && !issues.has(issue_id)) issues.set(issue_id, 0);
      }
      const joins = [...byKey].flatMap(([name, issues]) =>
        issues.size < 2
          ? []
          : [{ key: keys.get(name)!, issues: sorted(issues).map(([issue, count]) => ({ issue, count })) }],
      );
      const parts: Part[] = [];
      const renamed: number[] = [];
      for (const [issue, olds] of byIssue) {
        const parting = [...olds.values()].filter((news) => news.size > 1);
        for (const news of parting)
          parts.push({ issue, into: sorted(news).map(([name, count]) => ({ key: keys.get(name)!, count })) });
        const all = [...olds.values()].flatMap((news) => [...news.keys()]);
        if (parting.length === 0 && all.every((name) => isNew.has(name) && byKey.get(name)!.size === 1))
          renamed.push(issue);
      }
      return { occurrences, moved, unknown, joins, parts, renamed };
    },
  };
}

function newKey(
  row: StoredEvent,
  rules: readonly FingerprintRule[],
  current: readonly FingerprintRule[],
): { key: PlannedKey; known: boolean } {
  const { key } = fingerprintStored(row, { rules });
  const planned = { service: row.service, type: key.type, template: key.template, because: key.explain[1] ?? '' };
  const known =
    row.fingerprint_version !== FINGERPRINT_VERSION ||
    fingerprintStored(row, { rules: current }).same ||
    fingerprintStored(row).same;
  return { key: { ...planned, fingerprint: known ? key.fingerprint : row.fingerprint }, known };
}

function nameOf({ service, fingerprint }: { service: string; fingerprint: string }): string {
  return `${fingerprint} ${service}`;
}

function inner<K, A, B>(map: Map<K, Map<A, B>>, key: K): Map<A, B> {
  let found = map.get(key);
  if (found === undefined) {
    found = new Map();
    map.set(key, found);
  }
  return found;
}

function increase<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sorted<K>(counts: Map<K, number>): [K, number][] {
  return [...counts].sort((a, b) => b[1] - a[1]);
}
