// Names (types, codes, routes, functions, modules, peers) without secrets. They are the programmer's own, and may be made of
// values all the same. The same few come with every record, and are scrubbed once.

import { LIMITS } from '../record/limits.ts';
import { clean } from '../record/scrub/clean.ts';
import type { Scrubber } from '../record/scrub/scrubber.ts';

/** Shorter than any limit of a name, so that what is cut is never kept. */
const MAX_KNOWN_NAME = 256;
const MAX_KNOWN_NAMES = 1_000;

const known = new WeakMap<Scrubber, Map<string, string>>();

export function cleanName(text: string, scrubber: Scrubber, limit: number = LIMITS.name): string {
  if (text.length > MAX_KNOWN_NAME) return clean(text, scrubber, limit);
  let names = known.get(scrubber);
  if (names === undefined) {
    names = new Map();
    known.set(scrubber, names);
  }
  const before = names.get(text);
  if (before !== undefined) return before;
  const cleaned = clean(text, scrubber, limit);
  if (names.size >= MAX_KNOWN_NAMES) names.clear();
  names.set(text, cleaned);
  return cleaned;
}

/** The same of a value that need not be a text, or not be there. */
export function cleanNameOf(value: unknown, scrubber: Scrubber): string | undefined {
  return value === undefined || value === null ? undefined : cleanName(String(value), scrubber);
}
