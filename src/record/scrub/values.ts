// Where a value in text ends: at its closing quote or bracket, at the end of the line, at the next pair. A value has no
// greatest length, since its tail would be stored; looking for ends is linear, as what was searched is remembered.

import { QUOTE } from './quotes.ts';
import { type Span, stickyEnd } from './spans.ts';
import { blockAt } from './yaml.ts';

/** How far a quote or a bracket may be closed on later lines. */
const QUOTE_REACH = 16_384;
const BRACKET_REACH = 65_536;
/** The same for a bracket within a word. */
const INNER_REACH = 256;
/** Python's b'…' and u'…', Postgres' E'…'. */
const PREFIX = /[bBuUrRfFeEnN]{1,2}(?=["'])/y;
const OPEN_QUOTE = new RegExp(QUOTE, 'iy');
/** How inspect() of Node prints a text of several lines, and a shell an apostrophe (`'it'\\''s'`). */
const GOES_ON = /(?:["'`][ \t]{0,8}\+[ \t]{0,8}\r?\n[ \t]{0,128}|'\\')(["'`])/y;
const NEXT_IN_QUERY = /&(?:$|[\s&]|(?:quot|amp|lt|gt|apos|#\d{1,5}|#x[\da-f]{1,4});|[\w.%[\]-]{0,64}=)/iy;
const NEXT_IN_LIST = /,(?:$|[\s,;"'`{}()[\]<>\\]|[\w.%-]{1,64}\]?[ \t]?[=:])/y;
/** `;`, `<` and `>` end a word where a pair, a tag or nothing of a word comes behind them. */
const NEXT_SETTING = /;(?:$|[\s;,"'`{}()[\]<>\\&]|[\w.-]{1,32}(?: [\w.-]{1,32}){0,2}[ ]?=)/y;
const TAG = /<(?:$|[\s"'`<]|[/!?a-z][^<>]{0,256}>)/iy;
const BEHIND_TAG = />(?:$|[\s;,"'`{}()[\]<\\&])/y;
/** What inspect() of Node prints in front of a bracket: `Secret {`, `Map(2) {`, `[Object: null prototype] {`, `<ref *1> Foo {`. */
const KIND =
  /(?:<ref \*\d{1,4}> )?(?:[A-Z][\w$]{0,63}(?:\(\d{1,9}\))? (?:\[[\w$:. ]{1,64}\] )?|\[[A-Z][\w$]{0,63}(?:\(\d{1,9}\))?: null prototype\] )(?=[{[])/y;
const BUFFER = /<(?:Slow)?Buffer(?: [\da-f]{2}){1,64}(?: \.{3} \d{1,12} more bytes?)?>/y;
/** `PWD={…};` of ODBC, in which a bracket is doubled. */
const BRACED = /\{(?:[^}\r\n]|\}\}){1,256}\}(?=$|[;"'\r\n])/y;
const ONE_WORD_SCHEME = /(?:bearer|basic|negotiate)[ \t]{1,8}(?=[^\s"'`])/iy;

/** Finds ends in one text. */
export class Ends {
  readonly #text: string;
  /** Where each quote is next, seen from where it was asked for. */
  readonly #next = new Map<string, Span>();
  /** Stretches in which a quote is not closed. */
  readonly #open = new Map<string, Span>();
  #line: Span = { start: 0, end: -1 };

  constructor(text: string) {
    this.#text = text;
  }

  /** 'credential': to the end of the line, unless its scheme is known to have one word. */
  value(at: number, reach: 'word' | 'line' | 'credential'): Span | undefined {
    const text = this.#text;
    OPEN_QUOTE.lastIndex = Math.max(at, stickyEnd(PREFIX, text, at));
    const quote = OPEN_QUOTE.exec(text);
    if (quote !== null) {
      const start = OPEN_QUOTE.lastIndex;
      return { start, end: this.closingQuote(start, quote[0], quote[1] ?? '') };
    }
    const first = text.charCodeAt(at);
    const block = first === 124 || first === 62 ? blockAt(text, at) : undefined;
    if (block !== undefined) return block;
    if (first === 60) {
      const end = stickyEnd(BUFFER, text, at);
      if (end >= 0) return { start: at, end };
    }
    const kind = Math.max(at, stickyEnd(KIND, text, at));
    if (kind > at || first === 91 || first === 123) {
      const end = this.#closingBracket(kind, BRACKET_REACH) ?? Math.min(text.length, kind + BRACKET_REACH);
      const braced = first === 123 && text[at - 1] === '=' ? stickyEnd(BRACED, text, at) : -1;
      return { start: at, end: Math.max(end, braced) };
    }
    const end = reach === 'word' ? this.#wordEnd(at) : this.#lineValueEnd(at, reach === 'credential');
    return end > at ? { start: at, end } : undefined;
  }

  /** What stands between `<key>` and its end tag, `opens` its bracket; nothing where further elements are in it. */
  element(at: number, opens = '<'): Span | undefined {
    const text = this.#text;
    const isRaw = text.startsWith('<![CDATA[', at);
    const start = isRaw ? at + 9 : at;
    const end = this.find(isRaw ? ']]>' : opens, start);
    if (end < 0 || (!isRaw && !/^(?:\\?\/|%2f)/i.test(text.slice(end + opens.length, end + opens.length + 3))))
      return undefined;
    return text.slice(start, Math.min(end, start + 64)).trim() === '' ? undefined : { start, end };
  }

  lineEnd(at: number): number {
    if (at < this.#line.start || at > this.#line.end) {
      const end = this.#text.indexOf('\n', at);
      this.#line = { start: at, end: end < 0 ? this.#text.length : end };
    }
    return this.#line.end;
  }

  /** The same quote with the same number of backslashes, where one doubled is none; without one, the end of the line. */
  closingQuote(start: number, quote: string, escapes: string): number {
    let from = start;
    let sign = quote;
    for (;;) {
      const line = this.lineEnd(from);
      const end = this.#quoteFrom(from, sign, escapes, Math.max(line, from + QUOTE_REACH));
      if (end < 0) return line;
      GOES_ON.lastIndex = end;
      const next = escapes === '' ? GOES_ON.exec(this.#text) : null;
      if (next === null) return end;
      from = GOES_ON.lastIndex;
      sign = next[1]!;
    }
  }

  #quoteFrom(start: number, quote: string, escapes: string, limit: number): number {
    const text = this.#text;
    const open = this.#open.get(quote);
    let at = open !== undefined && start >= open.start ? Math.max(start, open.end) : start;
    for (let found = 0; at < limit; at = found + quote.length) {
      found = this.find(quote, at);
      if (found < 0 || found >= limit) break;
      const slashes = slashesBefore(text, found, start);
      if (escapes !== '') {
        if (slashes === 0) return found;
      } else if (slashes % 2 === 0 && !(slashes > 0 && isInWord(text, found + 1))) {
        if (found === start || !isDoubled(text, found)) return found;
        found++;
      }
    }
    this.#open.set(quote, { start: open?.start ?? start, end: Math.max(limit, open?.end ?? 0) });
    return -1;
  }

  /** As indexOf(), remembering what it found. */
  find(sign: string, at: number): number {
    const known = this.#next.get(sign);
    if (known !== undefined && at >= known.start && (known.end < 0 || at <= known.end)) return known.end;
    const end = this.#text.indexOf(sign, at);
    this.#next.set(sign, { start: at, end });
    return end;
  }

  /** Brackets in quotes do not count. */
  #closingBracket(start: number, reach: number): number | undefined {
    const text = this.#text;
    const limit = Math.min(text.length, start + reach);
    let depth = 0;
    for (let at = start; at < limit; at++) {
      const code = text.charCodeAt(at);
      // The bracket of a colour closes nowhere.
      if (code === 91 && opensColor(text, at)) continue;
      if (isOpening(code)) depth++;
      else if (isClosing(code)) {
        if (--depth === 0) return at + 1;
      } else if (isQuote(code)) {
        const slashes = slashesBefore(text, at, start);
        if (!mayOpenQuote(text, at - slashes)) continue;
        const escapes = '\\'.repeat(slashes);
        const end = this.#quoteFrom(at + 1, escapes + text[at], escapes, limit);
        if (end >= 0) at = end + slashes;
      }
    }
    return undefined;
  }

  /** To a blank or to what begins the next pair; brackets within the word may hold anything. */
  #wordEnd(start: number): number {
    const text = this.#text;
    let isNested = true;
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code <= 32) return at;
      if (code === 59 || code === 60 || code === 62) {
        if (stickyEnd(code === 59 ? NEXT_SETTING : code === 60 ? TAG : BEHIND_TAG, text, at) >= 0) return at;
      } else if (isOpening(code)) {
        const end = isNested ? this.#closingBracket(at, Math.min(INNER_REACH, this.lineEnd(at) - at)) : undefined;
        if (end === undefined) isNested = false;
        else at = end - 1;
      } else if (isClosing(code)) {
        if (!isAlphanumeric(text.charCodeAt(at + 1))) return at;
      } else if (isQuote(code)) {
        if (!isWithinWord(text, at, start)) return at;
      } else if (code === 92) {
        if (/["'`\\nrtu]/.test(text[at + 1] ?? '"')) return at;
      } else if (code === 44 && stickyEnd(NEXT_IN_LIST, text, at) >= 0) return at;
      else if (code === 38 && stickyEnd(NEXT_IN_QUERY, text, at) >= 0) return at;
    }
    return text.length;
  }

  /** To the end of the line, or to the quote that was opened before the key; `a="b"` is part of the value. */
  #lineValueEnd(start: number, isCredential: boolean): number {
    const text = this.#text;
    const scheme = isCredential ? stickyEnd(ONE_WORD_SCHEME, text, start) : -1;
    if (scheme >= 0) return this.#wordEnd(scheme);
    const limit = this.lineEnd(start);
    for (let at = start; at < limit; at++) {
      const code = text.charCodeAt(at);
      if (code === 13) return at;
      if (isCredential && isClosing(code) && !isAlphanumeric(text.charCodeAt(at + 1))) return at;
      if (code !== 92 && !isQuote(code)) continue;
      const sign = code === 92 ? at + slashesFrom(text, at) : at;
      const quote = text.charCodeAt(sign);
      if (!isQuote(quote)) {
        if (quote === 110 || quote === 114) return at;
        at = sign - 1;
        continue;
      }
      const escapes = text.slice(at, sign);
      const end =
        text.charCodeAt(at - 1) === 61 && at > start
          ? this.#quoteFrom(sign + 1, escapes + text[sign], escapes, limit)
          : -1;
      if (end >= 0) at = end + escapes.length;
      else if (!isWithinWord(text, at, start)) return at;
    }
    return limit;
  }
}

function slashesBefore(text: string, at: number, floor: number): number {
  let count = 0;
  while (at - 1 - count >= floor && text.charCodeAt(at - 1 - count) === 92 && count < 8) count++;
  return count;
}

function slashesFrom(text: string, at: number): number {
  let count = 0;
  while (text.charCodeAt(at + count) === 92) count++;
  return count;
}

/** `'ab''cd'` (SQL, connection strings); what follows must go on like a value. */
function isDoubled(text: string, at: number): boolean {
  return text[at] === text[at + 1] && /[^\s,;:)}\]"'`]/.test(text[at + 2] ?? ' ');
}

/** Of JSON within what inspect() prints, a quote in a text is `\\"`, and its text goes on. */
function isInWord(text: string, at: number): boolean {
  return /[^\s,;:)}\]"'`\\]/.test(text[at] ?? ' ');
}

/** Not the apostrophe of "it's"; the letter of a prefix (b'…') does not stand in a word. */
function mayOpenQuote(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  if (!isAlphanumeric(before)) return true;
  return 'bBuUrR'.includes(text[at - 1]!) && !isAlphanumeric(text.charCodeAt(at - 2));
}

/** Behind an escape, as it is or as `\\x1B` or `\\u001b`. */
function opensColor(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  if (before === 27) return true;
  return (before === 66 || before === 98) && /\\(?:x1|u001)b$/i.test(text.slice(Math.max(0, at - 6), at));
}

function isWithinWord(text: string, at: number, start: number): boolean {
  return at > start && isAlphanumeric(text.charCodeAt(at - 1)) && isAlphanumeric(text.charCodeAt(at + 1));
}

function isAlphanumeric(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
}

function isQuote(code: number): boolean {
  return code === 34 || code === 39 || code === 96;
}

function isOpening(code: number): boolean {
  return code === 40 || code === 91 || code === 123;
}

function isClosing(code: number): boolean {
  return code === 41 || code === 93 || code === 125;
}
