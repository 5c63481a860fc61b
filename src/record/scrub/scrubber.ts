// The scrubber: masks secrets by key name and by shape before anything leaves the application's thread. Text or tags in,
// the same with `[scrubbed]` in place of secrets out; never throws, linear in the length of the text.
// Not found (documented limits): secrets in base64 or compressed data, secrets spread over several attributes, and those that
// only a reader knows (values of an INSERT that does not name its columns, arguments of a function, `'x' = password`, what a
// database or a validator could not cast and names no field of, `scott/tiger@db`,
// `rex:pw@db`, "the password is x").

import { bound, LIMITS } from '../limits.ts';
import { type PlainRules, plain } from '../plain.ts';
import { maskForms } from './forms.ts';
import { FrameMemo, startOfFrames } from './frame-memo.ts';
import { isCounts } from './harmless.ts';
import { maskJson } from './json.ts';
import { isJwk, isJwkMember } from './jwk.ts';
import { isHarmlessNumber, isSetting, judgeKey, type KeyVerdict, ownKeyTest, wordsOfKey } from './keys.ts';
import { isItemOf } from './links.ts';
import { MASK } from './mask.ts';
import { isNamedBy, isValueLabel, namesIn } from './named.ts';
import { maskPairs } from './pairs.ts';
import { maskPem } from './pem.ts';
import { maskRareShapes } from './rare-shapes.ts';
import { maskCards, maskShapes } from './shapes.ts';
import { CARD, createSniffer, FORM, RARE, SHAPE, SQL, WORD } from './sniff.ts';
import { maskCompared } from './sql.ts';
import { maskLogins } from './urls.ts';

export interface ScrubOptions {
  /** Further key names whose values are masked: any case, any separators, also as part of a longer key. */
  keys?: readonly string[] | undefined;
  /** Further patterns masked in every text; they should be linear. */
  patterns?: readonly RegExp[] | undefined;
  /** Called after the built-in rules with every text. When it throws, or returns no text, the value is masked whole. */
  custom?: ((value: string, key: string | undefined) => string) | undefined;
}

export interface Scrubber {
  /** Whether patterns or a function of the user may mask what no built-in rule does. */
  hasOwnRules: boolean;
  /** `key`: the name under which the text stands, if any. */
  text(value: string, key?: string): string;
  /** Attributes → new plain data, depth and width bounded, secrets masked. */
  tags(value: Record<string, unknown>): Record<string, unknown>;
}

/** What is done with values under a key, looked up: the same keys come with every record. */
interface KeyRule {
  name: string;
  verdict: KeyVerdict;
  isValue: boolean;
  /** Of a private member of a JWK. */
  isMember: boolean;
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
  const isSecret = (key: string, value: unknown): boolean => isJudged(key, own(key) ? 'secret' : judgeKey(key), value);
  const jsonRules = {
    isSecret,
    isSecretItem: (before: string, item: string) => isItemOf(before, item) && isSecret(before, item),
    text: builtIn,
    mask: MASK,
  };

  const frames = new FrameMemo(mask);
  const rules = new Map<string, KeyRule>();
  function ruleOf(key: string): KeyRule {
    const known = rules.get(key);
    if (known !== undefined) return known;
    const rule: KeyRule = {
      name: maskKey(key),
      verdict: own(key) ? 'secret' : judgeKey(key),
      isValue: isValueLabel(key),
      isMember: isJwkMember(key),
    };
    // Bounded like the verdicts: keys may be data.
    if (rules.size >= 2_000) rules.clear();
    if (key.length <= 256) rules.set(key, rule);
    return rule;
  }

  function maskKey(key: string): string {
    const found = sniffer.sniff(key);
    // Data in place of a name: "password=hunter2".
    const worded = (found & WORD) === 0 ? key : maskPairs(key, sniffer, own);
    const rare = (found & RARE) === 0 ? worded : maskRareShapes(worded);
    const shaped = (found & SHAPE) === 0 ? rare : maskShapes(rare);
    return maskPatterns((found & CARD) === 0 ? shaped : maskCards(shaped));
  }

  function maskPatterns(value: string): string {
    return patterns.reduce((masked, pattern) => masked.replace(pattern, MASK), value);
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
    const masked = maskSniffed(value);
    // Apart: the sniffer has no room for one sign more.
    return masked.includes('@') ? maskLogins(masked) : masked;
  }

  function maskSniffed(value: string): string {
    const found = sniffer.sniff(value);
    if (found === 0) return value;
    const paired = (found & WORD) === 0 ? value : maskWords(value);
    const isName = (key: string) => isSecret(key, '');
    const compared = (found & WORD) === 0 || (found & SQL) === 0 ? paired : maskCompared(paired, isName);
    const formed = (found & FORM) === 0 ? compared : maskForms(compared, isName);
    const rare = (found & RARE) === 0 ? formed : maskRareShapes(formed);
    const shaped = (found & SHAPE) === 0 ? rare : maskShapes(rare);
    return (found & CARD) === 0 ? shaped : maskCards(shaped);
  }

  function finish(value: string, key: string | undefined): string {
    const result = maskPatterns(value);
    if (custom === undefined) return result;
    const given: unknown = custom(result, key);
    return typeof given === 'string' ? given : MASK;
  }

  /** PEM first: `PRIVATE_KEY=-----BEGIN …` is a pair whose value seems to end at a blank. */
  function maskWords(value: string): string {
    const first = value.charCodeAt(0);
    const masked =
      (first === 123 || first === 91) && value.length <= LIMITS.stack ? maskJson(value, jsonRules) : undefined;
    return masked ?? maskPairs(maskPem(value), sniffer, own);
  }

  /** Of the object that is walked, for all its values; no longer than the walk, since the application may change it. */
  let around: { holder: object; names: ReturnType<typeof namesIn> } | undefined;
  function namesAround(holder: object): ReturnType<typeof namesIn> {
    if (around?.holder !== holder) around = { holder, names: namesIn(holder, isSecret) };
    return around.names;
  }

  function tags(value: unknown): Record<string, unknown> {
    try {
      return plain(value, tagRules);
    } finally {
      around = undefined;
    }
  }

  const tagRules: PlainRules = {
    ...WIDE,
    // The key was judged by `replace` already, together with the type of its value.
    text: (item, key) => guarded(bound(item, LIMITS.tagValue), key),
    key: (key) => ruleOf(key).name,
    replace: (key, item, holder) => {
      if (item === null || item === '') return undefined;
      const { verdict, isValue, isMember } = ruleOf(key);
      if (isJudged(key, verdict, item)) return MASK;
      if (typeof item === 'number' && isCard(item)) return MASK;
      if (isMember && isJwk(holder)) return MASK;
      if (!isValue) return undefined;
      const isNamed = namesAround(holder).some(([by, name]) => isSecret(name, item) && isNamedBy(by, name, key, item));
      return isNamed ? MASK : undefined;
    },
    replaceItem: (before, item) => {
      if (typeof item === 'number') return isCard(item) ? MASK : undefined;
      const isText = typeof item === 'string' && typeof before === 'string';
      return isText && jsonRules.isSecretItem(before, item) ? MASK : undefined;
    },
  };
  const hasOwnRules = patterns.length > 0 || custom !== undefined;
  return { hasOwnRules, text, tags };
}

function isJudged(key: string, verdict: KeyVerdict, value: unknown): boolean {
  if (typeof value === 'number') return verdict !== undefined && !isHarmlessNumber(key, verdict, value);
  if (verdict !== undefined && verdict !== 'secret' && typeof value === 'object' && isCounts(key, value)) return false;
  if (typeof value === 'string' && isSetting(key, verdict, value)) return false;
  return verdict === 'secret' || (verdict !== undefined && typeof value !== 'boolean');
}

/** The least card is one of Visa with 13 digits, beyond the milliseconds of our time. */
function isCard(value: number): boolean {
  return value >= 4e12 && Number.isInteger(value) && maskCards(String(value)) === MASK;
}

/** What to look for in text, for each of the user's keys: its longest word, since separators differ. */
function triggersOf(keys: readonly string[]): string[] {
  return keys
    .map((key) => wordsOfKey(key).reduce((longest, word) => (word.length > longest.length ? word : longest), ''))
    .filter((word) => word !== '');
}
