// The scrubber: masks secrets by key name and by shape before anything leaves the application's thread. Text or tags in,
// the same with `[scrubbed]` in place of secrets out; never throws, linear in the length of the text.
// Not found (documented limits): secrets in base64 or compressed data, secrets spread over several attributes.

import { bound, LIMITS } from '../limits.ts';
import { type PlainRules, plain, setOwn } from '../plain.ts';
import { FrameMemo, startOfFrames } from './frame-memo.ts';
import { judgeKey, type KeyVerdict, ownKeyTest, wordsOfKey } from './keys.ts';
import { MASK, maskPairs } from './pairs.ts';
import { maskCards, maskShapes } from './shapes.ts';
import { CARD, createSniffer, SHAPE, WORD } from './sniff.ts';

export interface ScrubOptions {
  /** Further key names whose values are masked: any case, any separators, also as part of a longer key. */
  keys?: readonly string[];
  /** Further patterns masked in every text; they should be linear. */
  patterns?: readonly RegExp[];
  /** Called after the built-in rules with every text. When it throws, or returns no text, the value is masked whole. */
  custom?: (value: string, key: string | undefined) => string;
}

export interface Scrubber {
  /** `key`: the name under which the text stands, if any. */
  text(value: string, key?: string): string;
  /** Attributes → new plain data, depth and width bounded, secrets masked. */
  tags(value: Record<string, unknown>): Record<string, unknown>;
}

/** What is done with values under a key, looked up: the same keys come with every record. */
interface KeyRule {
  name: string;
  verdict: KeyVerdict;
}

/** Bounds before cutting, four times the limits of the tags column. */
const WIDE = { keys: LIMITS.tags * 4, depth: LIMITS.tagDepth, items: LIMITS.arrayItems, total: LIMITS.tagsTotal * 4 };

export function createScrubber(options: ScrubOptions = {}): Scrubber {
  const own = ownKeyTest(options.keys ?? []);
  const sniffer = createSniffer(triggersOf(options.keys ?? []));
  const patterns = (options.patterns ?? []).map(
    (pattern) => new RegExp(pattern.source, `${pattern.flags.replace(/[gy]/g, '')}g`),
  );
  const { custom } = options;
  const isSecret = (key: string, value: unknown): boolean => isJudged(own(key) ? 'secret' : judgeKey(key), value);

  const frames = new FrameMemo(mask);
  const rules = new Map<string, KeyRule>();
  function ruleOf(key: string): KeyRule {
    const known = rules.get(key);
    if (known !== undefined) return known;
    const rule: KeyRule = { name: maskKey(key), verdict: own(key) ? 'secret' : judgeKey(key) };
    // Bounded like the verdicts: keys may be data.
    if (rules.size >= 2_000) rules.clear();
    if (key.length <= 256) rules.set(key, rule);
    return rule;
  }

  function maskKey(key: string): string {
    const found = sniffer.sniff(key);
    const shaped = (found & SHAPE) === 0 ? key : maskShapes(key);
    return (found & CARD) === 0 ? shaped : maskCards(shaped);
  }

  function text(value: string, key?: string): string {
    try {
      if (key !== undefined && value !== '' && isSecret(key, value)) return MASK;
    } catch {
      return MASK;
    }
    return guarded(value, key);
  }

  function guarded(value: string, key: string | undefined): string {
    try {
      return finish(builtIn(value), key);
    } catch {
      return MASK;
    }
  }

  function builtIn(value: string): string {
    const at = startOfFrames(value);
    if (at < 0) return mask(value);
    const said = value.slice(0, at);
    const placed = value.slice(at);
    const [head, tail] = [mask(said), frames.mask(placed)];
    return head === said && tail === placed ? value : head + tail;
  }

  function mask(value: string): string {
    const found = sniffer.sniff(value);
    if (found === 0) return value;
    const result = (found & WORD) === 0 ? value : (maskJson(value) ?? maskPairs(value, sniffer, own));
    const shaped = (found & SHAPE) === 0 ? result : maskShapes(result);
    return (found & CARD) === 0 ? shaped : maskCards(shaped);
  }

  function finish(value: string, key: string | undefined): string {
    let result = value;
    for (const pattern of patterns) result = result.replace(pattern, MASK);
    if (custom === undefined) return result;
    const given: unknown = custom(result, key);
    return typeof given === 'string' ? given : MASK;
  }

  /** A text that is one JSON document is masked by its structure, and rewritten only when there was a secret in it. */
  function maskJson(value: string): string | undefined {
    const first = value.charCodeAt(0);
    if ((first !== 123 && first !== 91) || value.length > LIMITS.stack) return undefined;
    let parsed: unknown;
    try {
      parsed = JSON.parse(value);
    } catch {
      return undefined;
    }
    const found = { count: 0 };
    const masked = maskParsed(parsed, found, 0);
    return found.count > 0 ? JSON.stringify(masked) : value;
  }

  function maskParsed(value: unknown, found: { count: number }, depth: number): unknown {
    if (typeof value === 'string') {
      const masked = depth > 8 ? value : builtIn(value);
      if (masked !== value) found.count++;
      return masked;
    }
    if (value === null || typeof value !== 'object') return value;
    if (depth > 32) {
      found.count++;
      return '[object]';
    }
    if (Array.isArray(value)) return value.map((item) => maskParsed(item, found, depth + 1));
    const result = {};
    for (const [key, item] of Object.entries(value)) {
      const secret = item !== null && item !== '' && isSecret(key, item);
      if (secret) found.count++;
      setOwn(result, key, secret ? MASK : maskParsed(item, found, depth + 1));
    }
    return result;
  }

  const tagRules: PlainRules = {
    ...WIDE,
    // The key was judged by `replace` already, together with the type of its value.
    text: (item, key) => guarded(bound(item, LIMITS.tagValue), key),
    key: (key) => ruleOf(key).name,
    replace: (key, item) => (item !== null && item !== '' && isJudged(ruleOf(key).verdict, item) ? MASK : undefined),
  };
  return { text, tags: (value) => plain(value, tagRules) };
}

function isJudged(verdict: KeyVerdict, value: unknown): boolean {
  return verdict === 'secret' || (verdict === 'text' && typeof value !== 'number' && typeof value !== 'boolean');
}

/** What to look for in text, for each of the user's keys: its longest word, since separators differ. */
function triggersOf(keys: readonly string[]): string[] {
  return keys
    .map((key) => wordsOfKey(key).reduce((longest, word) => (word.length > longest.length ? word : longest), ''))
    .filter((word) => word.length >= 3);
}
