// How one error is known inside another that was made of it: by the words that libraries put around those of a driver, and,
// where only texts are left of both (a receiver's), by its stack and by what stands in the stack of the other. Texts in, numbers
// out, since they are remembered by the thousand; the same number within one request is the same thing.

import { crc32 } from 'node:zlib';
import type { ErrorFact } from './fact.ts';
import { readChain, walkChain } from './fingerprint/chain.ts';
import { CAUSE, ownStack } from './own-stack.ts';
import { placeOf } from './unwound.ts';

/** Of a driver's that no server was there for, in Prisma's words and in those of the system. */
const NOT_REACHED = "Can't reach database server at ";
const NO_CONNECTION = /^(?:connect|getaddrinfo) E[A-Z_]+/;

/** On a line of its own behind the message, in MikroORM (" - detail: Key (name)=(Rex) already exists."). */
const DETAIL = '\n - detail: ';

/** Knex puts the statement in front of what the database said, in the same Error, once its call has failed; so does MikroORM 6. */
export function restates(message: string, told: string): boolean {
  if (message === told) return true;
  if (told === '') return false;
  const said = withoutDetail(message);
  if (said === told || said.endsWith(` - ${told}`)) return true;
  return message.includes(NOT_REACHED) && NO_CONNECTION.test(told);
}

function withoutDetail(message: string): string {
  const detail = message.lastIndexOf(DETAIL);
  return detail < 0 ? message : message.slice(0, detail);
}

/** What a carrier of an error is matched by. */
export interface Told {
  /** As what others may hold it. */
  is: readonly number[];
  /** What it holds of others. */
  holds: readonly number[];
}

export interface Teller {
  language: string | undefined;
  /** It is a span's of a call: what it tells may be in the client's words, and not the error that the application got. */
  isCall: boolean;
  /** It is that of fetch(), whose error says nothing of its cause. */
  isFetch?: boolean;
}

const MOST_ENDS = 16;
const MOST_HELD = 64;

/** Of Go, whose errors have no stacks: one that was put around another by `%w` or pkg/errors. */
const WRAPPED = /^\*(?:fmt\.wrapErrors?|errors\.with(?:Stack|Message))$/;

export function toldOf(error: ErrorFact, { language, isCall, isFetch = false }: Teller): Told {
  const { type, message, stack } = error;
  const is: number[] = [];
  const holds: number[] = [];
  if (stack === undefined) {
    is.push(numberOf('words', message), numberOf('wrapped', message));
    if (NO_CONNECTION.test(message)) is.push(numberOf('words', NOT_REACHED));
    if (WRAPPED.test(type)) for (const end of endsOf(message, ': ')) holds.push(numberOf('wrapped', end));
    return { is, holds };
  }
  const ownText = ownStack(stack);
  // Two errors with one stack may be two throws; a client and the application that got its error tell of one.
  const frames = numberOf('stack', ownText);
  holds.push(frames);
  if (isCall) is.push(frames);
  // node-fetch and axios keep of an error its code, which SDKs for Node send as the type, and its words, behind their own.
  if (!/^error$/i.test(type)) {
    if (isCall) is.push(numberOf('code', type, message));
    holds.push(...[message, ...endsOf(message, ': ')].map((end) => numberOf('code', type, end)));
  }
  if (isFetch) is.push(numberOf('fetch'));
  if (type === 'TypeError' && message === 'fetch failed') holds.push(numberOf('fetch'));
  // Without what else is said of it, as those inside are read.
  const appended = stack.startsWith(CAUSE, ownText.length) ? stack.slice(ownText.length + CAUSE.length) : undefined;
  const [own, ...further] = walkChain(readChain({ stack: appended === undefined ? stack : ownText }, language));
  const inside = appended === undefined ? further : [...walkChain(readChain({ stack: appended }, language))];
  is.push(numberOf('inside', own!.message || message, placeOf(own!.frames[0], language)));
  for (const one of inside) holds.push(numberOf('inside', one.message, placeOf(one.frames[0], language)));
  for (const said of new Set([message, ...inside.map((one) => one.message)])) {
    holds.push(...[said, ...endsOf(withoutDetail(said), ' - ')].map((end) => numberOf('words', end)));
    if (said.includes(NOT_REACHED)) holds.push(numberOf('words', NOT_REACHED));
  }
  return { is, holds: holds.slice(0, MOST_HELD) };
}

/** What is behind each of the last separators. */
function endsOf(text: string, separator: string): string[] {
  const ends: string[] = [];
  for (let at = text.length; ends.length < MOST_ENDS; ) {
    at = at === 0 ? -1 : text.lastIndexOf(separator, at - 1);
    if (at < 0) return ends;
    ends.push(text.slice(at + separator.length));
  }
  return ends;
}

/** 32 bits are plenty among the errors of one request. Of a stack of 2 KB 1.2 µs, in a loop over its characters 4.8. */
function numberOf(...texts: string[]): number {
  return crc32(texts.join('\0'));
}
