import { bound, cut, LIMITS } from '../limits.ts';
import type { Scrubber } from './scrubber.ts';

/** Scrubbed before it is cut, so that a secret at the limit is not cut into something no rule knows. */
export function clean(text: string, scrubber: Scrubber, limit: number = LIMITS.message): string {
  return cut(scrubber.text(bound(text, limit)), limit);
}
