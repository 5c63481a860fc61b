// Limits on every field, and the helpers that keep them: text in, bounded well-formed text out with a visible mark where
// something was cut. Scrub first, cut second: a secret cut in two is no longer recognised. `bound` is for before scrubbing.

import { ownCopy } from '../util/own-copy.ts';
import { type PlainRules, plain } from './plain.ts';

/** In UTF-16 code units (at most three bytes each in UTF-8). */
export const LIMITS = {
  message: 8_192,
  stack: 65_536,
  template: 1_024,
  /** Type names, routes, functions, modules, peers, hosts: names that people gave. */
  name: 512,
  method: 32,
  /** Request, session, user, trace, span ids; codes; releases. */
  id: 128,
  tags: 128,
  tagKey: 256,
  tagValue: 8_192,
  tagsTotal: 32_768,
  tagDepth: 6,
  arrayItems: 100,
} as const;

/** How much more than its limit of a text is looked at by the scrubber; the rest is thrown away unread. */
const SCRUB_FACTOR = 4;

/** The longest mark: `…[cut ` + ten digits + `]`. Shorter limits are cut without one. */
const MARK_ROOM = 18;

const MIN_TIME = Date.UTC(2000, 0, 1);
const MAX_TIME = Date.UTC(2100, 0, 1);

/**
 * Cuts a text to `max` code units, the mark `…[cut 1234]` included (1234: code units left out). Never splits a surrogate
 * pair, drops NUL (Postgres refuses it in text), replaces lone surrogates by U+FFFD (Postgres refuses those in UTF-8). What was
 * cut holds nothing of the text it was cut from.
 */
export function cut(text: string, max: number): string {
  if (text.length <= max) return wellFormed(text);
  if (max < MARK_ROOM * 2) return wellFormed(text.slice(0, sliceEnd(text, max)));
  const kept = sliceEnd(text, max - MARK_ROOM);
  // Remembered for a while, a slice would hold all of a statement of megabytes.
  return ownCopy(`${wellFormed(text.slice(0, kept))}…[cut ${text.length - kept}]`);
}

/** Bounds a text before scrubbing: generously, without a mark, never inside a surrogate pair. */
export function bound(text: string, max: number): string {
  const limit = max * SCRUB_FACTOR;
  return text.length <= limit ? text : text.slice(0, sliceEnd(text, limit));
}

function sliceEnd(text: string, end: number): number {
  if (end >= text.length) return text.length;
  const before = text.charCodeAt(end - 1);
  return before >= 0xd800 && before <= 0xdbff ? end - 1 : end;
}

function wellFormed(text: string): string {
  const formed = text.isWellFormed() ? text : text.toWellFormed();
  return formed.includes('\0') ? formed.replaceAll('\0', '') : formed;
}

export interface TagLimits {
  keys?: number;
  keyLength?: number;
  valueLength?: number;
  /** Sum of the lengths of all keys and values kept. */
  total?: number;
}

/**
 * Anything → bounded plain JSON data for the tags column. Keys beyond a limit are left out and counted under
 * `rowtrace.tags_cut`. Never throws.
 */
export function plainTags(value: unknown, limits?: TagLimits): Record<string, unknown> {
  return plain(value, limits === undefined ? TAG_RULES : tagRules(limits));
}

function tagRules({ keys, keyLength, valueLength, total }: TagLimits): PlainRules {
  return {
    keys: keys ?? LIMITS.tags,
    depth: LIMITS.tagDepth,
    items: LIMITS.arrayItems,
    total: total ?? LIMITS.tagsTotal,
    key: (key) => cut(key, keyLength ?? LIMITS.tagKey),
    text: (text) => cut(text, valueLength ?? LIMITS.tagValue),
  };
}

const TAG_RULES = tagRules({});

/**
 * Attributes that an SDK may walk through: it does so to check them, and a throwing getter, a proxy or endless depth would
 * cost the whole record there. As wide as scrubbing looks; texts are left as they are.
 */
export function readable(attributes: Record<string, unknown>): Record<string, unknown> {
  const copy = { ...attributes };
  for (const key in copy) if (typeof copy[key] === 'object' && copy[key] !== null) copy[key] = plainData(copy[key]);
  return copy;
}

function plainData(value: unknown): unknown {
  const { tags, tagDepth: depth, arrayItems: items, tagsTotal } = LIMITS;
  return plain({ value }, { keys: tags * 4, depth, items, total: tagsTotal * 4 }).value;
}

/**
 * Keeps a time (Unix milliseconds) inside years 2000 to 2100, where partitions exist. An absurd time becomes the nearer
 * end, or `now` when it is no number at all, and is kept as given in `tRaw`.
 */
export function clampTime(t: unknown, now?: number): { t: number; tRaw?: string } {
  if (typeof t === 'number' && t >= MIN_TIME && t < MAX_TIME) return { t };
  const tRaw = cut(String(typeof t === 'symbol' ? 'symbol' : t), LIMITS.id);
  if (typeof t !== 'number' || Number.isNaN(t)) return { t: clampTime(now ?? Date.now(), MIN_TIME).t, tRaw };
  return { t: t < MIN_TIME ? MIN_TIME : MAX_TIME - 1, tRaw };
}
