// Which limit a span is measured against, and the words of a slow one. The more exact name wins: "GET /dogs/:id", then
// "/dogs/:id", then a pattern ("/reports/*"), then the kind's. 0 turns a limit off.

import type { Operation } from './fact.ts';
import { wordsOf } from './operation.ts';
import type { TimeSpent } from './time-spent.ts';

export interface SlowLimits {
  slowServerMillis: number;
  slowClientMillis: number;
  slowDbMillis: number;
  slowMillis: Readonly<Record<string, number>>;
}

/** Milliseconds, or nothing where there is no limit (internal spans, unless named; whatever is set to 0). */
export function slowLimit(operation: Operation, limits: SlowLimits): number | undefined {
  const limit = namedLimit(operation, limits.slowMillis) ?? kindLimit(operation, limits);
  return limit === 0 ? undefined : limit;
}

function namedLimit({ method, name, peer }: Operation, byName: SlowLimits['slowMillis']): number | undefined {
  const withMethod = `${method} ${name}`;
  const exact = ownLimit(byName, withMethod) ?? ownLimit(byName, name) ?? ownLimit(byName, peer ?? '');
  if (exact !== undefined) return exact;
  let longest: string | undefined;
  for (const pattern in byName) {
    if (!pattern.includes('*') || (longest !== undefined && pattern.length <= longest.length)) continue;
    if (matches(pattern, withMethod) || matches(pattern, name)) longest = pattern;
  }
  return longest === undefined ? undefined : byName[longest];
}

/** Spans have any name: "constructor" is a property of every object. */
function ownLimit(byName: SlowLimits['slowMillis'], name: string): number | undefined {
  return Object.hasOwn(byName, name) ? byName[name] : undefined;
}

/** `*` stands for any text. Linear, without a regular expression: it runs on the application's thread. */
function matches(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  const last = parts.pop()!;
  let at = 0;
  for (const [nr, part] of parts.entries()) {
    const found = text.indexOf(part, at);
    if (found === -1 || (nr === 0 && found !== 0)) return false;
    at = found + part.length;
  }
  return text.length - at >= last.length && text.endsWith(last);
}

function kindLimit({ kind }: Operation, limits: SlowLimits): number | undefined {
  switch (kind) {
    case 'server':
      return limits.slowServerMillis;
    case 'client':
    case 'messaging':
      return limits.slowClientMillis;
    case 'db':
      return limits.slowDbMillis;
    default:
      return undefined;
  }
}

/** The words of the warning, and their template. `against`: "limit 2000 ms", or what is usual. */
export function slowWords(
  operation: Operation,
  roundedMillis: number,
  against: number | string,
): [body: string, template: string] {
  const what = [operation.method, operation.name, operation.peer].filter(Boolean).join(' ');
  const template = `Slow ${operation.kind} span ${what}`;
  return [
    `${template}: ${roundedMillis} ms (${typeof against === 'number' ? `limit ${against} ms` : against})`,
    template,
  ];
}

/** The same for a span that has not ended. */
export function runningWords(operation: Operation, roundedMillis: number, limit: number): [string, string] {
  const template = `Still running: ${operation.kind} span ${wordsOf(operation)}`;
  return [`${template}, for ${roundedMillis} ms (limit ${limit} ms)`, template];
}

/** What a slow span was doing, in a few words: most of its time decides. */
export function whereWords(millis: number, spent: TimeSpent, blockedMillis: number): string {
  const [slowest] = spent.slowest;
  const half = millis / 2;
  if (blockedMillis >= half) return `; the event loop was blocked for ${Math.round(blockedMillis)} ms of it`;
  if (slowest !== undefined && slowest.millis >= half) {
    const times = slowest.count > 1 ? ` in ${slowest.count} calls` : '';
    return `; ${Math.round(slowest.millis)} ms in ${slowest.name}${times}`;
  }
  return spent.selfMillis >= half && spent.slowest.length > 0 ? `; ${Math.round(spent.selfMillis)} ms of its own` : '';
}
