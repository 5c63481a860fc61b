// Masks values of secret keys inside text: `password=x`, `"token": "x"`, `?api_key=x`, `Cookie: a=b`, `--token x`,
// `<Password>x</Password>`, also escaped or percent-encoded. Works from hits of a word list outwards: links.ts says how
// key and value are tied, values.ts where the value ends, prose.ts whether it is a sentence.

import { behindEscape } from './escapes.ts';
import { isCode, isCounts, isErrorSaying, isPlaceholder } from './harmless.ts';
import { isHarmlessNumber, isSetting, judgeKey, type KeyVerdict } from './keys.ts';
import { isItemOf, type Link, linkOf, mayLink } from './links.ts';
import { MASK, maskSpans } from './mask.ts';
import { mayEndName, namedAt } from './named-pairs.ts';
import { isToken } from './path-tokens.ts';
import { isStatement, isWeakSaying, looksSecret } from './prose.ts';
import type { Sniffer } from './sniff.ts';
import { type Span, stickyEnd } from './spans.ts';
import { Ends } from './values.ts';

const KEY_REACH = 64;
const HARMLESS_LENGTH = 24;
/** Names of secrets between a value and its name behind it: what stands before one is read so many times. */
const MOST_NAMES_BETWEEN = 4;
const NUMBER = /^-?\d{1,9}(?:\.\d{1,6})?(?::\d{1,7})?$/;
const BOOLEAN = /^(?:true|false)$/i;
const NOTHING = /^(?:null|undefined|nil|None)$/;
const ARROW = /[ \t]{0,8}=>/y;
const PLACE = /:(?:line )?\d/y;
const SOURCE_FILE =
  /\.(?:[cm]?[jt]sx?|json|map|html?|vue|svelte|astro|pyx?|rb|erb|rake|go|java|kts?|cs|fs|vb|php|rs|scala|sc|groovy|clj[cs]?|exs?|erl|hrl|dart|swift|mm?|c|cc|cpp|cxx|h|hh|hpp|lua|p[lm]|r|jl|hs|elm|ml|zig|nim|cr|sql|sh|ya?ml)$/i;
/** Signed URLs (Azure, S3, Google) and Authorization lines of AWS; elsewhere signatures are of functions. */
const SIGNATURE = /^(?:sig|signature)$/i;
/** `'--password=a b'`, `"DB_PASSWORD=a b"`: an argument, a variable of the environment, whole in its quotes. */
const QUOTED_KEY = /^(?:--[\w-]|[A-Z][A-Z\d_]{3,63}$)/;
/** A variable stands alone there; elsewhere a command comes behind it (`'PGPASSWORD=x pg_dump'`). */
const IN_LIST = /[[,]\s{0,64}\\{0,8}["'`]$/;
/** `DE89 3704 0044 0532 0130 00` */
const IBAN_GROUPS = /(?: [A-Z\d]{4}){1,7}(?: [A-Z\d]{1,3})?(?![A-Za-z\d])/y;
/** `;Password=a b;Encrypt=True` */
const SETTING_GOES_ON = / [^;\r\n"'`]{1,128}(?=;[ ]?[\w.-]{1,32}(?: [\w.-]{1,32}){0,2}[ ]?=)/y;
const COOKIE = /^[^\s=;,]{1,250}=/;

/** `sniffer`: finds the words; `isOwn`: the user's own keys. */
export function maskPairs(text: string, sniffer: Sniffer, isOwn: (key: string) => boolean): string {
  const ends = new Ends(text);
  const spans: Span[] = [];
  /** Behind the last value, and behind the last one that its name stands beside. */
  let done = 0;
  let named = 0;
  const names: number[] = [];
  let from = 0;
  for (let hit = sniffer.nextWord(text, 0); hit >= 0; hit = sniffer.nextWord(text, from)) {
    const keyEnd = endOfKey(text, hit);
    from = Math.max(keyEnd, hit + 1);
    const links = mayLink(text.charCodeAt(keyEnd));
    const isName = keyEnd >= named && mayEndName(text.charCodeAt(keyEnd));
    if (!links && !isName) continue;
    const keyStart = startOfKey(text, hit, done);
    for (const value of isName ? namedValues(text, ends, keyStart, keyEnd, names, isOwn) : []) {
      spans.push(value);
      named = Math.max(named, value.end);
    }
    if (!links) continue;
    const link = linkOf(text, keyStart, keyEnd);
    if (link === undefined) continue;
    const value = secretOf({ text, ends, keyStart, keyEnd, link, isOwn });
    if (value === undefined || value.end <= value.start || isMasked(text, value)) continue;
    spans.push(value);
    done = value.end;
    from = Math.max(done, from);
  }
  return maskSpans(text, spans);
}

/** Values in `{ path: 'password', value: 'x' }`. `names`: where those before this one are, kept here. */
function namedValues(
  text: string,
  ends: Ends,
  keyStart: number,
  keyEnd: number,
  names: number[],
  isOwn: Found['isOwn'],
): Span[] {
  const found = namedAt(text, keyStart, keyEnd);
  if (found === undefined) return [];
  const own = isOwn(found.name);
  const verdict = own ? 'secret' : judgeKey(found.name);
  if (verdict === undefined) return [];
  const floor = names.at(-MOST_NAMES_BETWEEN) ?? 0;
  names.push(keyStart);
  return found.values(ends, floor).filter((value) => {
    if (value.end <= value.start || text.startsWith(MASK, value.start)) return false;
    return own || !isHarmless(text, value, value.start, found.name, verdict);
  });
}

interface Found {
  text: string;
  ends: Ends;
  keyStart: number;
  keyEnd: number;
  link: Link;
  isOwn: (key: string) => boolean;
}

/** The value to mask. Judged before it is read: a key without a verdict must not make its long value be read over and over. */
function secretOf({ text, ends, keyStart, keyEnd, link, isOwn }: Found): Span | undefined {
  const { at, kind } = link;
  let key = text.slice(keyStart, keyEnd);
  const own = isOwn(key);
  // "com.acme.secret.NotFound: …" is the name of a type.
  if (kind === 'said' && !own) key = /\.([A-Z]\w*)$/.exec(key)?.[1] ?? key;
  const verdict = own
    ? 'secret'
    : (judgeKey(key) ??
      signature(text, keyStart, keyEnd, key) ??
      spokenKey(text, keyStart, key) ??
      queryKey(text, keyStart, key, at));
  if (verdict === undefined || text.startsWith(MASK, at)) return undefined;
  if (kind === 'spoken') return withoutStop(text, ends.value(at, 'word'));
  if (kind === 'element') return ends.element(at, link.opens);
  if (text.charCodeAt(keyEnd) === 58 && stickyEnd(PLACE, text, keyEnd) >= 0 && SOURCE_FILE.test(key)) return undefined;
  const opensParameters = text.charCodeAt(at) === 40;
  // Before the value is read, since it would be read again for each key within it.
  if (!own && kind !== 'flag' && isErrorSaying(text, key, at)) return undefined;
  if (!own && kind === 'pair' && isCode(text, keyStart, at)) return undefined;
  const isSaid = kind === 'said' || (kind === 'pair' && text.endsWith(': ', at));
  if (!own && (isSaid ? isStatement(text, key, verdict, at) : opensParameters)) return undefined;
  const reach = reachOf(text, at, key, kind);
  const value = valueBehind(text, ends, keyStart, keyEnd, at, reach);
  if (value === undefined || own) return value;
  if (isHarmless(text, value, at, key, verdict)) return undefined;
  // A parameter list: `getToken: (node) => node.token`.
  if (opensParameters && stickyEnd(ARROW, text, value.end) >= 0) return undefined;
  if (kind === 'item')
    return isItemOf(key, text.slice(value.start, Math.min(value.end, value.start + 80))) ? value : undefined;
  if ((kind !== 'said' && kind !== 'flag') || reach === 'line') return value;
  // In quotes or brackets it is no sentence.
  if (value.start !== at || '[{'.includes(text[at]!) || text[value.end - 1] === '}') return value;
  const word = reach === 'word' ? value : (ends.value(at, 'word') ?? value);
  if (kind === 'flag') return /(?:auth|sessions?)$/i.test(key) && !isLogin(text, word) ? undefined : value;
  return isWeakSaying(text, keyStart, key, verdict, word) ? undefined : value;
}

function valueBehind(
  text: string,
  ends: Ends,
  keyStart: number,
  keyEnd: number,
  at: number,
  reach: 'word' | 'line' | 'credential',
): Span | undefined {
  const key = text.slice(keyStart, keyEnd);
  const isTied = at === keyEnd + 1 && text[keyEnd] === '=';
  if (isTied && QUOTED_KEY.test(key)) {
    const quote = text[keyStart - 1];
    if (quote === undefined && key.startsWith('--') && !/ -|[\r\n]/.test(text)) return { start: at, end: text.length };
    const isWhole = key.startsWith('--') || IN_LIST.test(text.slice(Math.max(0, keyStart - 80), keyStart));
    if (isWhole && (quote === '"' || quote === "'" || quote === '`')) {
      const escapes = /\\{0,8}$/.exec(text.slice(Math.max(0, keyStart - 9), keyStart - 1))![0];
      return { start: at, end: ends.closingQuote(at, escapes + quote, escapes) };
    }
  }
  const value = ends.value(at, reach);
  if (value?.start !== at) return value;
  const more = /iban$/i.test(key) ? IBAN_GROUPS : isTied && text[keyStart - 1] === ';' ? SETTING_GOES_ON : undefined;
  return more === undefined ? value : { start: at, end: Math.max(value.end, stickyEnd(more, text, value.end)) };
}

/** The stop that ends a sentence is no part of its last word. */
function withoutStop(text: string, value: Span | undefined): Span | undefined {
  return value && /[.:]/.test(text[value.end - 1]!) ? { start: value.start, end: value.end - 1 } : value;
}

/** `--auth basic` names a way, `--auth rex:bone` is one. */
function isLogin(text: string, { start, end }: Span): boolean {
  const word = text.slice(start, Math.min(end, start + 64));
  return word.includes(':') || looksSecret(word);
}

function signature(text: string, keyStart: number, keyEnd: number, key: string): KeyVerdict {
  if (!SIGNATURE.test(key) || !/^(?:=|%3d)[^\s=]/i.test(text.slice(keyEnd, keyEnd + 4))) return undefined;
  return keyStart === 0 || /[?&;,\s"']/.test(text[keyStart - 1]!) ? 'text' : undefined;
}

/** `?key=AIz…` of Google and others; `?key=name` is one of a setting. */
function queryKey(text: string, keyStart: number, key: string, at: number): KeyVerdict {
  if (!/^key$/i.test(key) || !/[?&]/.test(text[keyStart - 1] ?? '')) return undefined;
  return isToken(/^[\w-]*/.exec(text.slice(at, at + 64))![0]) ? 'text' : undefined;
}

/** "api key: …", "OpenAI key = …" */
function spokenKey(text: string, keyStart: number, key: string): KeyVerdict {
  if (!/^key$/i.test(key)) return undefined;
  const before = /(?:^|\W)(\w{2,20})[ \t]$/.exec(text.slice(Math.max(0, keyStart - 24), keyStart))?.[1];
  return before !== undefined && judgeKey(`${before} key`) !== undefined ? 'weak' : undefined;
}

/** Nothing, a boolean, a number, a placeholder, a setting; a password in quotes may be the word "null". */
function isHarmless(text: string, { start, end }: Span, at: number, key: string, verdict: KeyVerdict): boolean {
  if (isPlaceholder(text, start, end, key)) return true;
  if (text[end - 1] === '}' && start === at)
    return verdict !== 'secret' && isCounts(key, text.slice(text.indexOf('{', start), end));
  if (end - start > HARMLESS_LENGTH) return false;
  const value = text.slice(start, end);
  if (NOTHING.test(value)) return start === at || verdict !== 'secret';
  if (isSetting(key, verdict, value)) return true;
  if (verdict === 'secret') return false;
  return BOOLEAN.test(value) || (NUMBER.test(value) && isHarmlessNumber(key, verdict, Number.parseFloat(value)));
}

function reachOf(text: string, at: number, key: string, kind: Link['kind']): 'word' | 'line' | 'credential' {
  if (kind === 'flag') return 'word';
  if (/authori[sz]ation$/i.test(key)) return 'credential';
  if (!/cookie$/i.test(key)) return 'word';
  return /set-?cookie$/i.test(key) || kind === 'pair' || COOKIE.test(text.slice(at, at + 256)) ? 'line' : 'word';
}

function isMasked(text: string, { start, end }: Span): boolean {
  return end - start === MASK.length && text.startsWith(MASK, start);
}

function isKeyCode(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 45 ||
    code === 46 ||
    (code > 127 && /[\p{L}\p{M}\p{N}]/u.test(String.fromCharCode(code)))
  );
}

function startOfKey(text: string, from: number, floor: number): number {
  let start = from;
  const stop = Math.max(floor, from - KEY_REACH);
  while (start > stop && isKeyCode(text.charCodeAt(start - 1))) start--;
  const word = behindEscape(text, start);
  // `C:\token`: what was found begins with that letter.
  return word <= from ? word : start;
}

function endOfKey(text: string, from: number): number {
  let end = from;
  const stop = Math.min(text.length, from + KEY_REACH);
  while (end < stop && isKeyCode(text.charCodeAt(end))) end++;
  return end;
}
