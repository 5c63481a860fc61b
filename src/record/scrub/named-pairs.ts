// Finds in text the values whose name stands beside them (named.ts), as inspect, JSON, YAML, Python, Java and Go print
// objects. A name in, the spans of its values out; looks a bounded way around, and into no other object.

import { isNamedBy, NAME_LABEL, VALUE_LABEL } from './named.ts';
import type { Span } from './spans.ts';
import { Ends } from './values.ts';

const REACH = 1_024;
const PATH_REACH = 64;
/** Name and sign in front of a quote, of a list, of the name itself. */
const BEFORE = new RegExp(
  String.raw`(?<![\w-])(${NAME_LABEL})\\{0,4}["'\`]?[ \t]{0,4}(?:=>|[:=])[ \t]{0,4}([[(][^\])}]{0,64})?\\{0,4}["'\`]?$`,
  'i',
);
const VALUE = new RegExp(
  String.raw`(?<![\w-])(${VALUE_LABEL})\\{0,4}["'\`]?[ \t]{0,4}(?:=>|[:=])[ \t]{0,4}(?=[^\s,;)}\]])`,
  'gi',
);
/** The next item of a list in YAML. */
const NEXT_ITEM = /\n[ \t]*- /;

export interface Named {
  /** The whole of the name: "user[0].password". */
  name: string;
  /** Its values, asked for once the name is known to be one of a secret; none that begins before `floor`. */
  values(ends: Ends, floor: number): Span[];
}

/** Quotes, a backslash, blanks, brackets that close, a comma, the end. */
export function mayEndName(code: number): boolean {
  return Number.isNaN(code) || (code < 128 && '"\'`\\ ,)}]\r\n'.includes(String.fromCharCode(code)));
}

/** Whether the word that ends at `keyEnd` is a name under such a label. */
export function namedAt(text: string, keyStart: number, keyEnd: number): Named | undefined {
  const behind = text[keyEnd] ?? ' ';
  const isQuoted = '"\'`\\'.includes(behind);
  const start = isQuoted ? startOfPath(text, keyStart) : keyStart;
  if (!isTied(text, start)) return undefined;
  const before = BEFORE.exec(text.slice(Math.max(0, start - 128), start));
  if (before === null) return undefined;
  const label = before[1]!;
  const name = text.slice(start, keyEnd);
  const labelAt = Math.max(0, start - 128) + before.index;
  const depth = before[2] === undefined ? 0 : 1;
  return {
    name,
    values: (ends, floor) => {
      const quoteEnd = isQuoted
        ? keyEnd + (/^\\{0,4}["'`]/.exec(text.slice(keyEnd, keyEnd + 5))?.[0].length ?? 0)
        : keyEnd;
      const later = valuesBehind(text, ends, quoteEnd, depth, label, name);
      // Names and values in turn, without brackets around each: what stands before belongs to another name.
      return later.length > 0 && !isQuoted ? later : [...valuesBefore(text, floor, labelAt, label, name), ...later];
    },
  };
}

function startOfPath(text: string, keyStart: number): number {
  let at = keyStart;
  while (at > 0 && keyStart - at < PATH_REACH && /[\w.[\]/$-]/.test(text[at - 1]!)) at--;
  return at > 0 && '"\'`'.includes(text[at - 1]!) ? at : keyStart;
}

/** Before the expression is tried: a sign in front, quotes and blanks aside. */
function isTied(text: string, start: number): boolean {
  let at = start - 1;
  while (at >= 0 && start - at < PATH_REACH && '"\'`\\ \n'.includes(text[at]!)) at--;
  return at >= 0 && ':=>,[('.includes(text[at]!);
}

function valuesBehind(text: string, ends: Ends, from: number, depth: number, label: string, name: string): Span[] {
  const near = text.slice(from, from + REACH);
  const nearEnds = new Ends(near);
  const again = new RegExp(String.raw`(?<![\w-])${label}\\{0,4}["'\`]?[ \t]{0,4}(?:=>|[:=])`);
  const spans: Span[] = [];
  let at = 0;
  let level = depth;
  for (const found of near.matchAll(VALUE)) {
    if (found.index < at) continue;
    const between = near.slice(at, found.index);
    level = depthBehind(between, level);
    if (level < 0 || NEXT_ITEM.test(between) || again.test(between)) break;
    at = found.index + found[0].length;
    if (level !== 0) continue;
    const isOther = !isNamedBy(label, name, found[1]!, '');
    // What is only passed over may be as long as the text, and be read for each name in it.
    const value = isOther ? nearEnds.value(at, 'word') : ends.value(from + at, 'word');
    if (value === undefined) continue;
    const end = isOther ? value.end : value.end - from;
    if (!isOther && isNamedBy(label, name, found[1]!, text.slice(value.start, value.end))) spans.push(value);
    at = Math.max(at, end);
    if (/["'`]/.test(near[end] ?? '')) at++;
  }
  return spans;
}

function valuesBefore(text: string, floor: number, to: number, label: string, name: string): Span[] {
  const from = Math.max(floor, to - REACH);
  const near = text.slice(from, to);
  const ends = new Ends(near);
  return [...near.matchAll(VALUE)].flatMap((found) => {
    if (!isNamedBy(label, name, found[1]!, '')) return [];
    const value = ends.value(found.index + found[0].length, 'word');
    if (value === undefined || value.end >= near.length) return [];
    const quote = /^\\{0,4}["'`]/.exec(near.slice(value.end, value.end + 5))?.[0].length ?? 0;
    const between = near.slice(value.end + quote);
    if (depthBehind(between, 0) !== 0 || NEXT_ITEM.test(between)) return [];
    if (!isNamedBy(label, name, found[1]!, near.slice(value.start, value.end))) return [];
    return [{ start: from + value.start, end: from + value.end }];
  });
}

/** How deep in brackets its end is, seen from its beginning; -1 where it leaves the object. Brackets in quotes do not count. */
function depthBehind(text: string, depth: number): number {
  let level = depth;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if ('([{'.includes(char)) level++;
    else if (')]}'.includes(char) && --level < 0) return -1;
    else if ('"\'`'.includes(char) && !/\w/.test(text[at - 1] ?? '')) {
      const end = text.indexOf(char, at + 1);
      if (end >= 0) at = end;
    }
  }
  return level;
}
