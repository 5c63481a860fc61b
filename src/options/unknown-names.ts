// Names that were meant to be an option's: in the environment, where a mistyped one is silent, and in a configuration file.

import { DEFINITIONS } from './definitions.ts';

/** Beside the options: what the command line reads, and what its own processes and this package's tests tell each other. */
const OTHERS = /^ROWTRACE_(CONFIG|DEBUG|QUEUE|INTERNAL|OWNER_(IDLE_MILLIS|SETTLE_MILLIS|TCP)|(TEST|FUZZ|BENCH)_\w+)$/;
const MOST_EDITS = 3;

export interface UnknownName {
  name: string;
  /** What was probably meant. */
  meant?: string;
}

export function unknownVariables(env: Readonly<Record<string, string | undefined>>): UnknownName[] {
  const known = Object.values(DEFINITIONS).flatMap(({ env: name }) => name ?? []);
  return Object.keys(env)
    .filter((name) => name.startsWith('ROWTRACE_') && !known.includes(name) && !OTHERS.test(name))
    .map((name) => withMeant(name, [...known, 'ROWTRACE_CONFIG', 'ROWTRACE_DEBUG', 'ROWTRACE_QUEUE']));
}

export function unknownOption(given: object): UnknownName | undefined {
  const known = Object.keys(DEFINITIONS);
  const name = Object.keys(given).find((one) => !known.includes(one));
  return name === undefined ? undefined : withMeant(name, known);
}

export function meantText({ meant }: UnknownName): string {
  return meant === undefined ? '' : ` (did you mean ${meant}?)`;
}

function withMeant(name: string, known: readonly string[]): UnknownName {
  const [nearest] = known
    .map((meant) => ({ meant, edits: editsBetween(name, meant) }))
    .sort((a, b) => a.edits - b.edits);
  return nearest!.edits <= MOST_EDITS ? { name, meant: nearest!.meant } : { name };
}

/** Letters to add, to take away or to replace (Levenshtein). */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++)
      next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + (a[i] === b[j] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
