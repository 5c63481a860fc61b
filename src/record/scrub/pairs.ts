// Masks values of secret keys inside text: `password=x`, `"token": "x"`, `?api_key=x`, `Cookie: a=b`, also escaped or
// percent-encoded. Works from hits of a word list outwards with bounded look-back and look-ahead, so it is linear.

import { judgeKey, type KeyVerdict } from './keys.ts';
import type { Sniffer } from './sniff.ts';

export const MASK = '[scrubbed]';

const KEY_REACH = 64;
const NESTED_REACH = 4_096;
const SEPARATOR = /(?:\\{0,4}["'`]|%22|\])?(?:[ \t]{0,8}(?:=>|[:=])|%3[ad])[ \t]{0,8}/iy;
const OPEN_QUOTE = /(\\{0,4})(["'`])|%22/iy;
const BARE_VALUE = /[^\s,;&"'`<>{}()[\]\\]{1,4096}/y;
const SCHEME = /(?:bearer|basic|digest|token|negotiate|aws4-hmac-sha256)[ \t]{1,8}[^\s,;"'`]{1,4096}/iy;
const LINE_REST = /[^\r\n"'`]{1,4096}/y;
const CODE_FILE = /\.(?:[cm]?[jt]sx?|json|map|html?|vue|svelte|py|rb|go|java|kt|cs|php|rs)$/i;

/** `sniffer`: finds the words; `isSecret`: the user's own keys. */
export function maskPairs(text: string, sniffer: Sniffer, isSecret: (key: string) => boolean): string {
  let result = '';
  let done = 0;
  let from = 0;
  for (let hit = sniffer.nextWord(text, 0); hit >= 0; hit = sniffer.nextWord(text, from)) {
    const keyEnd = endOfKey(text, hit);
    from = Math.max(keyEnd, hit + 1);
    const at = mayBeSeparator(text.charCodeAt(keyEnd)) ? stickyEnd(SEPARATOR, text, keyEnd) : -1;
    if (at < 0) continue;
    const key = text.slice(startOfKey(text, hit, done), keyEnd);
    // Judged before the value is read: a key without a verdict must not make its long value be read over and over.
    const verdict = isSecret(key) ? 'secret' : judgeKey(key);
    const value = verdict === undefined ? undefined : valueAt(text, at, key);
    if (value === undefined || !shouldMask(key, verdict, text, value)) continue;
    result += text.slice(done, value.start) + MASK;
    done = value.end;
    from = Math.max(done, from);
  }
  return done === 0 ? text : result + text.slice(done);
}

/** blank, tab, quotes, %, :, =, ], \\: saves the regular expression at most words of a stack. */
function mayBeSeparator(code: number): boolean {
  return code < 128 && ' \t"\'%:=]\\`'.includes(String.fromCharCode(code));
}

interface Span {
  start: number;
  end: number;
}

function shouldMask(key: string, verdict: KeyVerdict, text: string, value: Span): boolean {
  if (value.end <= value.start || text.startsWith(MASK, value.start)) return false;
  const begin = text.slice(value.start, Math.min(value.end, value.start + 24));
  const number = /^-?\d{1,9}(?:\.\d{1,6})?(?::\d{1,7})?$/.test(begin);
  // `at verify (/app/auth.ts:12:5)`: a place in a file, not a value.
  if (number && CODE_FILE.test(key)) return false;
  return verdict === 'secret' || !number;
}

function isKeyCode(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 45 ||
    code === 46
  );
}

function startOfKey(text: string, from: number, floor: number): number {
  let start = from;
  const stop = Math.max(floor, from - KEY_REACH);
  while (start > stop && isKeyCode(text.charCodeAt(start - 1))) start--;
  return start;
}

function endOfKey(text: string, from: number): number {
  let end = from;
  const stop = Math.min(text.length, from + KEY_REACH);
  while (end < stop && isKeyCode(text.charCodeAt(end))) end++;
  return end;
}

function valueAt(text: string, at: number, key: string): Span | undefined {
  OPEN_QUOTE.lastIndex = at;
  const quote = OPEN_QUOTE.exec(text);
  if (quote !== null) {
    const start = OPEN_QUOTE.lastIndex;
    return { start, end: closingQuote(text, start, quote[0], quote[1] ?? '') };
  }
  const first = text[at];
  if (first === '{' || first === '[')
    return text.startsWith(MASK, at) ? undefined : { start: at, end: closingBracket(text, at) };
  const line = /cookie$/i.test(key) ? stickyEnd(LINE_REST, text, at) : stickyEnd(SCHEME, text, at);
  const end = line >= 0 ? line : stickyEnd(BARE_VALUE, text, at);
  return end < 0 ? undefined : { start: at, end };
}

/** The same quote with the same number of backslashes; without one, the end of the line. */
function closingQuote(text: string, start: number, quote: string, escapes: string): number {
  const limit = Math.min(text.length, start + 16_384);
  let at = start;
  for (;;) {
    const found = text.indexOf(quote, at);
    if (found < 0 || found >= limit) break;
    let slashes = 0;
    while (found - 1 - slashes >= start && text[found - 1 - slashes] === '\\' && slashes < 8) slashes++;
    if (escapes.length > 0 || slashes % 2 === 0) return found;
    at = found + quote.length;
  }
  const line = text.indexOf('\n', start);
  return line < 0 || line > limit ? limit : line;
}

/** The end of a nested object or list; where it does not end within reach, all within reach is masked. */
function closingBracket(text: string, start: number): number {
  const limit = Math.min(text.length, start + NESTED_REACH);
  let depth = 0;
  for (let at = start; at < limit; at++) {
    const code = text.charCodeAt(at);
    if (code === 123 || code === 91) depth++;
    else if ((code === 125 || code === 93) && --depth === 0) return at + 1;
  }
  return limit;
}

function stickyEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}
