// How well does the fingerprint group? Scores labelled cases: pairwise precision, recall and F1, near-miss pairs kept
// apart, groups reproduced exactly; by tier. `node bench/grouping.ts [--verbose] [file.json …]`; exits 1 below the bars
// (core tier: F1 0.95, precision 0.99, every near-miss pair apart).

import { readFileSync } from 'node:fs';
import { fingerprint } from '../src/fingerprint.ts';

export interface Case {
  id: string;
  group: string;
  tier: string;
  type: string;
  message: string;
  stack?: string | null;
  /** Different groups that share an id must not merge. */
  near_miss?: string[];
  variant?: string;
}

export interface Score {
  precision: number;
  recall: number;
  f1: number;
  nearMissApart: number;
  nearMissPairs: number;
  exactGroups: number;
  groups: number;
}

export function readCases(file: string | URL): Case[] {
  return JSON.parse(readFileSync(file, 'utf8'));
}

export function keysOf(cases: readonly Case[]): string[] {
  return cases.map(
    ({ type, message, stack }) =>
      fingerprint({ type, message, stack: stack ?? undefined, service: 'bench' }).fingerprint,
  );
}

export function score(cases: readonly Case[], keys: readonly string[], report?: (line: string) => void): Score {
  let together = 0;
  let rightly = 0;
  let wanted = 0;
  const nearMiss = nearMissGroups(cases);
  const merged = new Set<string>();
  for (let a = 0; a < cases.length; a++)
    for (let b = a + 1; b < cases.length; b++) {
      const same = cases[a]!.group === cases[b]!.group;
      const joined = keys[a] === keys[b];
      if (same) wanted++;
      if (joined) together++;
      if (same && joined) rightly++;
      if (same !== joined)
        report?.(
          `${same ? 'split ' : 'MERGED'} ${cases[a]!.id} ${cases[b]!.id} ${cases[a]!.group} / ${cases[b]!.group}`,
        );
      if (joined && !same) merged.add(pairName(cases[a]!.group, cases[b]!.group));
    }
  const precision = together === 0 ? 1 : rightly / together;
  const recall = wanted === 0 ? 1 : rightly / wanted;
  const apart = [...nearMiss].filter((pair) => !merged.has(pair)).length;
  return {
    precision,
    recall,
    f1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall),
    nearMissApart: apart,
    nearMissPairs: nearMiss.size,
    ...exactGroups(cases, keys),
  };
}

function pairName(a: string, b: string): string {
  return [a, b].sort().join(' | ');
}

function nearMissGroups(cases: readonly Case[]): Set<string> {
  const groupsOf = new Map<string, Set<string>>();
  for (const { near_miss, group } of cases)
    for (const id of near_miss ?? []) groupsOf.set(id, (groupsOf.get(id) ?? new Set()).add(group));
  const pairs = new Set<string>();
  for (const groups of groupsOf.values())
    for (const a of groups) for (const b of groups) if (a < b) pairs.add(pairName(a, b));
  return pairs;
}

function exactGroups(cases: readonly Case[], keys: readonly string[]): { exactGroups: number; groups: number } {
  const keysByGroup = new Map<string, Set<string>>();
  const groupsByKey = new Map<string, Set<string>>();
  cases.forEach(({ group }, i) => {
    const key = keys[i]!;
    keysByGroup.set(group, (keysByGroup.get(group) ?? new Set()).add(key));
    groupsByKey.set(key, (groupsByKey.get(key) ?? new Set()).add(group));
  });
  const exact = [...keysByGroup.values()].filter((own) => own.size === 1 && groupsByKey.get([...own][0]!)!.size === 1);
  return { exactGroups: exact.length, groups: keysByGroup.size };
}

function main(): void {
  const args = process.argv.slice(2);
  const verbose = args.includes('--verbose');
  const named = args.filter((arg) => !arg.startsWith('--'));
  const fixtures = ['grouping-cases.json', 'own-grouping-cases.json'].map(
    (name) => new URL(`../test/fixtures/${name}`, import.meta.url),
  );
  for (const file of named.length > 0 ? named : fixtures) {
    const cases = readCases(file);
    console.log(`${String(file).split('/').at(-1)}: ${cases.length} cases`);
    for (const tier of ['core', 'hard', 'all']) {
      const chosen = cases.filter(
        (each) => tier === 'all' || each.tier === tier || (tier === 'hard' && each.tier === 'core'),
      );
      if (tier === 'hard' || chosen.length === 0) continue;
      const result = score(
        chosen,
        keysOf(chosen),
        verbose && tier === 'all' ? (line) => console.log(`  ${line}`) : undefined,
      );
      console.log(
        `  ${tier.padEnd(5)} precision ${result.precision.toFixed(3)}  recall ${result.recall.toFixed(3)}  F1 ${result.f1.toFixed(3)}` +
          `  near misses apart ${result.nearMissApart}/${result.nearMissPairs}  exact groups ${result.exactGroups}/${result.groups}`,
      );
      const passed = result.f1 >= 0.95 && result.precision >= 0.99 && result.nearMissApart === result.nearMissPairs;
      if (tier === 'core' && !passed) process.exitCode = 1;
    }
  }
}

if (import.meta.main ?? process.argv[1]?.endsWith('grouping.ts')) main();
