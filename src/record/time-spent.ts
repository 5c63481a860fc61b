// Where the time of a span went: its child spans in; the slowest of them, by name, and what is left for itself out.

import type { Operation } from './fact.ts';
import { wordsOf } from './operation.ts';

export interface Spent {
  operation: Operation;
  /** Unix milliseconds. */
  from: number;
  to: number;
}

export interface TimeSpent {
  /** The slowest first, three at most. */
  slowest: { name: string; millis: number; count: number }[];
  /** In which no child span ran. */
  selfMillis: number;
}

const MOST = 3;

export function timeSpent(children: readonly Spent[], from: number, to: number): TimeSpent {
  const byName = new Map<string, { name: string; millis: number; count: number }>();
  for (const child of children) {
    const name = childName(child.operation);
    const known = byName.get(name);
    const millis = child.to - child.from;
    if (known === undefined) byName.set(name, { name, millis, count: 1 });
    else {
      known.millis += millis;
      known.count++;
    }
  }
  const slowest = [...byName.values()].sort((a, b) => b.millis - a.millis).slice(0, MOST);
  return { slowest, selfMillis: Math.max(0, to - from - covered(children, from, to)) };
}

/** "db SELECT dogs": what a child is called on the row of its parent. */
export function childName(operation: Operation): string {
  return `${operation.kind} ${wordsOf(operation)}`;
}

/** Of children that ran at the same time each millisecond counts once. */
function covered(children: readonly Spent[], from: number, to: number): number {
  let sum = 0;
  let upto = from;
  for (const child of children.toSorted((a, b) => a.from - b.from)) {
    const end = Math.min(child.to, to);
    sum += Math.max(0, end - Math.max(child.from, upto));
    upto = Math.max(upto, end);
  }
  return sum;
}
