// Any thrown value in, an ErrorFact out. Runs in the host's stack, often while it crashes: getters may throw, values may
// be proxies, chains may be circular; whatever happens, a fact comes out and nothing is thrown.

import type { ErrorFact } from '../record/fact.ts';
import { bound, cut, LIMITS, plainTags } from '../record/limits.ts';
import { clean } from '../record/scrub/clean.ts';
import type { Scrubber } from '../record/scrub/scrubber.ts';
import { causeOf, errorType, isObject, membersOf, peek } from '../record/thrown.ts';
import { cleanName } from './clean-name.ts';

const MAX_DEPTH = 8;
const MAX_MEMBERS = 16;
const MAX_ERRORS = 64;

function describe(value: unknown): string {
  try {
    if (typeof value === 'string') return value;
    if (!isObject(value)) return String(value);
    // Bounded first: a thrown response object would be walked to its last byte.
    const json = JSON.stringify(plainTags(value, { total: LIMITS.message }));
    if (json !== '{}') return json;
    return Object.prototype.toString.call(value);
  } catch {
    return 'a value that cannot be shown';
  }
}

export function errorFact(thrown: unknown, scrubber: Scrubber): ErrorFact {
  return build(thrown, { scrubber, depth: 0, path: new Set(), room: { left: MAX_ERRORS } });
}

interface Building {
  scrubber: Scrubber;
  depth: number;
  path: Set<unknown>;
  /** Of all together: errors that share members would be as many as there are ways to them. */
  room: { left: number };
}

function build(thrown: unknown, building: Building): ErrorFact {
  const { scrubber, depth, path, room } = building;
  room.left--;
  if (!isObject(thrown)) {
    return { type: thrown === null ? 'null' : typeof thrown, message: clean(describe(thrown), scrubber) };
  }
  const fact: ErrorFact = { type: cleanName(errorType(thrown), scrubber), message: messageOf(thrown, scrubber) };
  const code = peek(thrown, 'code');
  if ((typeof code === 'string' && code !== '') || typeof code === 'number')
    fact.code = cut(cleanName(String(code), scrubber), LIMITS.id);
  const stack = stackOf(thrown, scrubber);
  if (stack !== undefined) fact.stack = stack;
  if (depth >= MAX_DEPTH) return fact;
  path.add(thrown);
  const cause = causeOf(thrown);
  const members = membersOf(thrown, MAX_MEMBERS);
  const inside = { ...building, depth: depth + 1 };
  // The cause of a MultiError is the first of its members.
  const apart = cause !== undefined && cause !== null && !members.includes(cause);
  if (apart && !path.has(cause) && room.left > 0) fact.cause = build(cause, inside);
  const inner = members
    .filter((member) => !path.has(member))
    .flatMap((member) => (room.left > 0 ? build(member, inside) : []));
  if (inner.length > 0) fact.errors = inner;
  path.delete(thrown);
  return fact;
}

/** As its fact has it: scrubbed and cut. */
export function messageOf(thrown: object, scrubber: Scrubber): string {
  // What Prisma's adapters keep of the driver's error has the latter.
  const message = peek(thrown, 'message') ?? peek(thrown, 'originalMessage');
  return clean(typeof message === 'string' ? message : describe(thrown), scrubber);
}

/** As its fact has it: scrubbed and cut. */
export function stackOf(thrown: object, scrubber: Scrubber): string | undefined {
  const stack = peek(thrown, 'stack');
  return typeof stack === 'string' ? cut(scrubber.text(bound(stack, LIMITS.stack)), LIMITS.stack) : undefined;
}

/** The errors inside an error: causes and AggregateError members, each once, nearest first. */
export function chainOf(thrown: object): object[] {
  const found = new Set<object>();
  const queue: unknown[] = [causeOf(thrown), ...membersOf(thrown, MAX_MEMBERS)];
  while (queue.length > 0 && found.size < MAX_MEMBERS) {
    const next = queue.shift();
    if (!isObject(next) || next === thrown || found.has(next)) continue;
    found.add(next);
    queue.push(causeOf(next), ...membersOf(next, MAX_MEMBERS));
  }
  return [...found];
}
