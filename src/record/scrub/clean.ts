import { bound, cut, LIMITS } from '../limits.ts';
import type { Scrubber } from './scrubber.ts';

/** Scrubbed before it is cut, so that a secret at the limit is not cut into something no rule knows. */
export function clean(text: string, scrubber: Scrubber, limit: number = LIMITS.message): string {
  return cut(scrubber.text(bound(text, limit)), limit);
}

/** Ids, routes, types: what may be missing. A client can send a token as its request id. */
export function cleanGiven(text: unknown, scrubber: Scrubber, limit: number): string | undefined {
  return text === undefined || text === null || text === '' ? undefined : clean(String(text), scrubber, limit);
}

/** Too short for a token of any provider, or hexadecimal; digits that would pass for a card are an id all the same. */
const PLAIN_ID = /^(?:[\w.@+-]{1,16}|[0-9a-f-]{1,64})$/i;

export function isPlainId(id: string): boolean {
  return PLAIN_ID.test(id);
}

/** Ids of requests, users and sessions, which are others each time: only what is not plain is looked at. */
export function cleanId(id: string, scrubber: Scrubber): string {
  return !scrubber.hasOwnRules && isPlainId(id) ? id : clean(id, scrubber, LIMITS.id);
}
