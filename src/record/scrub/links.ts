// How a key is tied to its value in text: `key=value`, `"key": "value"`, `a[key][0]=value`, `key: value` in a sentence,
// `--key value`, `<key>value</key>`, `PASSWORD 'value'`, `'X-Key', 'value'`, `{ name: 'X-Key', value: 'value' }`.

import { isToken } from './path-tokens.ts';
import { looksSecret } from './prose.ts';
import { QUOTE } from './quotes.ts';
import { stickyEnd } from './spans.ts';

export interface Link {
  /** Where the value begins, its quote included. */
  at: number;
  /** 'said': `word: value` as sentences have it, too. 'spoken': `token value`. 'line': a value that its tag ends. */
  kind: 'pair' | 'said' | 'spoken' | 'flag' | 'element' | 'item';
  /** Of an element: how its bracket is written. */
  opens?: string;
}

const [OPEN, CLOSE] = [/(?:\[|%(?:25)?5b)/.source, /(?:\]|%(?:25)?5d)/.source];
/** Names of fields as PHP, Rails and qs write them: `user[password]`, `user["password"]`, `password[]`, `password%5B0%5D`. */
const INDEXED = `${CLOSE}?(?:${OPEN}${QUOTE}?[\\w.-]{0,32}${QUOTE}?${CLOSE}){0,4}`;
const SIGN = /(?:[ \t]{0,8}(?:=>|={1,3}|:=|：|:(?!:|\/\/))|%(?:25)?3[ad])[ \t]{0,8}/.source;
/** A formatter puts a long value on a line of its own. */
const NEXT_LINE = /(?:\r?\n[ \t]{0,64}(?=\\{0,4}["'`]))?/.source;
/** Colours of a terminal, as they are and escaped. */
const COLORS = '(?:(?:\\u001b|\\\\{1,4}(?:x1b|u001b|033))\\[[\\d;]{0,8}m){0,4}';
const COLORED = new RegExp(COLORS, 'iy');
/** Joi's annotate(): `"password" [1, 2]: "x"`, the numbers in red. */
const ANNOTATED = `(?: ?${COLORS}\\[\\d{1,3}(?:, ?\\d{1,3}){0,4}\\])?`;
const SEPARATOR = new RegExp(`${QUOTE}?${INDEXED}${QUOTE}?${ANNOTATED}${COLORS}${SIGN}${NEXT_LINE}`, 'iy');
/** In Chinese and Japanese with a colon that is as wide as its blank. */
const SAID = /(?::[ \t]{1,8}|：[ \t]{0,8})/y;
/** What programs write in front of their words: "[auth]: timeout". */
const SAID_IN_BRACKETS = /\]:[ \t]{1,8}/y;
const FLAG = /[ \t]{1,8}(?![ \t-])/y;
/** With one dash, only these: `mysql -psecret` is none. */
const SHORT_FLAG = /^-(?:password|passwd|pass|pwd|secret|token)$/i;
/** What follows an option that is written about: "the --password option". */
const ABOUT_FLAG =
  /(?:flag|option|argument|parameter|switch|value|is|was|must|and|or|not|to|in|on|cannot|can|should|for|with|as|requires?)(?![\w.-])/iy;
/** `PASSWORD 'x'`, and "the password \"x\" is too weak". */
const SQL = /[ \t]{1,8}(?:(?:is|was)[ \t]{1,4})?(?=[EN]?'|\\{0,4}"[^\s"])/iy;
const SQL_CALL = /[ \t]{0,8}\([ \t]{0,8}(?=')/y;
const SPOKEN_NAME = /(token|secret|session|password|passphrase|key|jwt|otp)$/i;
const SPOKEN = /[ \t]{1,4}(?=["'`]?([\w+/=.~-]{4,512})(?![\w+/=~-]|(?<==)["']))/y;
const ITEM = new RegExp(
  String.raw`\\{0,4}["'\`]${COLORS}[ \t\r\n]{0,64},[ \t\r\n]{0,64}(\\{0,4}["']?value\\{0,4}["']?[ \t]{0,4}[:=][ \t]{0,4})?${COLORS}(?=\\{0,4}["'\`])`,
  'iy',
);
/** An item behind such a name is its value: headers and options; `['password', 'email']` lists names of fields. */
const HEADER =
  /^(?:--[\w-]{2,40}|x-[\w-]{2,40}|(?:proxy-)?authorization|(?:set-)?cookie|[\w-]{0,40}(?:api-?key|subscription-key|-token|-secret))$/i;
/** `['x-api-key', 'content-type']` and `['authorization', 'password']` list names. */
const OTHER_HEADER =
  /^(?:[a-z]{1,14}(?:-[a-z]{1,14}){1,4}|accept|authorization|connection|cookie|date|etag|host|origin|range|referer|server|vary|password|secret|token)$/i;
const ELEMENT_REACH = 256;
/** `<key` or `<ns:key`, as it is, as entities, percent-encoded, and as Go and .NET write it in JSON. */
const OPENS = /(<|&lt;|%3c|\\u003c)(?:\w{1,32}(?::|%3a))?$/i;
const CLOSES: Record<string, string> = { '<': '>', '&lt;': '&gt;', '%3c': '%3e', '\\u003c': '\\u003e' };

/** blank, tab, quotes, %, &, :, =, [, ], \, >, escape: saves the regular expressions at most words of a stack. */
export function mayLink(code: number): boolean {
  return code < 128 ? ' \t"\'%&:=[]\\`>(\u001b'.includes(String.fromCharCode(code)) : code === 0xff1a;
}

export function linkOf(text: string, keyStart: number, keyEnd: number): Link | undefined {
  const at = stickyEnd(SEPARATOR, text, keyEnd);
  if (at >= 0) {
    const code = text.charCodeAt(at);
    const value = code === 27 || code === 92 ? stickyEnd(COLORED, text, at) : at;
    return { at: value, kind: isSaid(text, keyStart, keyEnd, at) ? 'said' : 'pair' };
  }
  const element = elementOf(text, keyStart, keyEnd);
  if (element !== undefined) return element;
  const code = text.charCodeAt(keyEnd);
  if (code === 34 || code === 39 || code === 92 || code === 96) return itemOf(text, keyStart, keyEnd);
  if (code === 32 || code === 9) {
    if (text.charCodeAt(keyStart) === 45) return flagOf(text, keyStart, keyEnd);
    return sqlOf(text, keyStart, keyEnd, SQL, /^(?:password|passwd|passphrase)$/i) ?? spokenOf(text, keyStart, keyEnd);
  }
  return code === 40 ? sqlOf(text, keyStart, keyEnd, SQL_CALL, /^PASSWORD$/) : undefined;
}

function isSaid(text: string, keyStart: number, keyEnd: number, at: number): boolean {
  if (stickyEnd(SAID, text, keyEnd) === at) return true;
  return (
    stickyEnd(SAID_IN_BRACKETS, text, keyEnd) === at &&
    /(?:^|\s)\[$/.test(text.slice(Math.max(0, keyStart - 2), keyStart))
  );
}

/** Whether the item `value` of a list is what `name`, the one before it, names. */
export function isItemOf(name: string, value: string): boolean {
  return HEADER.test(name) && !OTHER_HEADER.test(value);
}

function itemOf(text: string, keyStart: number, keyEnd: number): Link | undefined {
  ITEM.lastIndex = keyEnd;
  const item = ITEM.exec(text);
  if (item === null) return undefined;
  const isNamed = item[1] !== undefined || HEADER.test(text.slice(keyStart, keyEnd));
  return isNamed ? { at: ITEM.lastIndex, kind: item[1] === undefined ? 'item' : 'pair' } : undefined;
}

function elementOf(text: string, keyStart: number, keyEnd: number): Link | undefined {
  const behind = text[keyEnd] ?? '';
  if (!'> \t&%\\'.includes(behind) || !'<;cC:aA'.includes(text[keyStart - 1] ?? ' ')) return undefined;
  const opens = OPENS.exec(text.slice(Math.max(0, keyStart - 48), keyStart))?.[1];
  if (opens === undefined) return undefined;
  const closes = CLOSES[opens.toLowerCase()]!;
  const near = text.slice(keyEnd, keyEnd + ELEMENT_REACH);
  const end = near.toLowerCase().indexOf(closes);
  if (end < 0 || near[end - 1] === '/' || near.slice(0, end).includes(opens)) return undefined;
  return { at: keyEnd + end + closes.length, kind: 'element', opens };
}

function flagOf(text: string, keyStart: number, keyEnd: number): Link | undefined {
  const at = stickyEnd(FLAG, text, keyEnd);
  if (at < 0 || stickyEnd(ABOUT_FLAG, text, at) >= 0) return undefined;
  return text.startsWith('--', keyStart) || SHORT_FLAG.test(text.slice(keyStart, keyEnd))
    ? { at, kind: 'flag' }
    : undefined;
}

/** "invalid token aB3…", "session '3f25…' not found": only what can be nothing else is a value there. */
function spokenOf(text: string, keyStart: number, keyEnd: number): Link | undefined {
  if (!hasDigit(text, keyEnd)) return undefined;
  const name = SPOKEN_NAME.exec(text.slice(keyStart, keyEnd))?.[1]?.toLowerCase();
  if (name === undefined) return undefined;
  SPOKEN.lastIndex = keyEnd;
  const word = SPOKEN.exec(text)?.[1];
  if (word === undefined || /^[./]|\.[a-z]{1,5}$/.test(word)) return undefined;
  const isSecret = name.startsWith('pass')
    ? word.length >= 8 && looksSecret(word)
    : name === 'otp'
      ? /^\d{4,8}$/.test(word)
      : isToken(word);
  if (!isSecret || /unexpected $/i.test(text.slice(Math.max(0, keyStart - 11), keyStart))) return undefined;
  return { at: SPOKEN.lastIndex, kind: 'spoken' };
}

/** Of the next word: most have none, and need no expression. */
function hasDigit(text: string, from: number): boolean {
  for (let at = from + 1; at < text.length && at < from + 64; at++) {
    const code = text.charCodeAt(at);
    if (code >= 48 && code <= 57) return true;
    if (code <= 32 && at > from + 4) return false;
  }
  return false;
}

function sqlOf(text: string, keyStart: number, keyEnd: number, link: RegExp, names: RegExp): Link | undefined {
  const at = stickyEnd(link, text, keyEnd);
  return at < 0 || !names.test(text.slice(keyStart, keyEnd)) ? undefined : { at, kind: 'pair' };
}
