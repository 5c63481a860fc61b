// Blocks of YAML: a value on the lines behind its key.

import { type Span, stickyEnd } from './spans.ts';

const BLOCK_KEY_REACH = 160;
const BLOCK_KEY = /(?:^|\n)([ \t]{0,64}(?:- ){0,4})["']?[\w.-]{1,64}["']?[ \t]{0,8}:[ \t]{1,8}$/;
const BLOCK_HEAD = /[|>][-+\d]{0,2}[ \t]{0,8}\r?\n/y;
const INDENT = /[ \t]*/y;

/** `password: |` of YAML: the lines behind it that are deeper than the key's. */
export function blockAt(text: string, at: number): Span | undefined {
  const before = BLOCK_KEY.exec(text.slice(Math.max(0, at - BLOCK_KEY_REACH), at));
  const start = before === null ? -1 : stickyEnd(BLOCK_HEAD, text, at);
  if (start < 0) return undefined;
  const depth = before![1]!.length;
  let end = start;
  while (end < text.length) {
    const content = stickyEnd(INDENT, text, end);
    const isBlank = content >= text.length || text[content] === '\n' || text[content] === '\r';
    if (!isBlank && content - end <= depth) break;
    const next = text.indexOf('\n', content);
    end = next < 0 ? text.length : next + 1;
  }
  while (end > start && /\s/.test(text[end - 1]!)) end--;
  return end > start ? { start: stickyEnd(INDENT, text, start), end } : undefined;
}
