// What the rules for values without a key in front of them share: a pattern says where values begin, a function where each ends.

import { MASK } from './mask.ts';
import { Ends } from './values.ts';

export type EndOf = (text: string, start: number, ends: Ends) => [start: number, end: number];

export function replaceValues(
  text: string,
  pattern: RegExp,
  isWanted: (found: RegExpExecArray) => boolean,
  endOf: EndOf,
): string {
  const ends = new Ends(text);
  let result = '';
  let done = 0;
  for (const found of text.matchAll(pattern)) {
    const behind = found.index + found[0].length;
    if (behind < done || !isWanted(found)) continue;
    const [start, end] = endOf(text, behind, ends);
    if (end <= start || text.startsWith(MASK, start)) continue;
    result += text.slice(done, start) + MASK;
    done = end;
  }
  return done === 0 ? text : result + text.slice(done);
}

export function quotedEnd(text: string, at: number, ends: Ends): [number, number] {
  return [at + 1, ends.closingQuote(at + 1, text[at]!, '')];
}

/** Up to `sign`; without it, to the end of the line. */
export function endsWith(sign: string): EndOf {
  return (_text, at, ends) => {
    const end = ends.find(sign, at);
    return [at, end < 0 ? ends.lineEnd(at) : end];
  };
}

export function wordEnd(_text: string, at: number, ends: Ends): [number, number] {
  const value = ends.value(at, 'word');
  return value === undefined ? [at, at] : [value.start, value.end];
}
