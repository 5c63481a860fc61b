// Names read from the original text itself, where the map holds it but gives no name: some tools write none at all, and
// what a minifier dropped has no name in the generated file that a map could speak of.

import type { OriginalPlace } from './source-map.ts';

const REACH = 160;
const WORD = /^#?[\p{L}_$][\p{L}\p{N}_$]*/u;
const KEYWORD = /^(?:async|await|class|const|default|export|function|get|let|new|return|set|static|this|var)$/;
const NAMED_FUNCTION = /^(?:async\s{1,8})?function\s{0,8}\*?\s{0,8}([\p{L}_$][\p{L}\p{N}_$]*)\s{0,8}[(<]/u;
/** `name = `, `name: Type = ` and `name: ` in front of a function. */
const ASSIGNED = /([\p{L}_$][\p{L}\p{N}_$]*)\s{0,8}(?::[^=;{}()]{1,80})?[=:]\s{0,8}$/u;

/** The word that begins at the place. */
export function wordAt(place: OriginalPlace): string | undefined {
  const word = WORD.exec(around(place)?.after ?? '')?.[0];
  return word === undefined || KEYWORD.test(word) ? undefined : word;
}

/** The name that JavaScript gives the function that begins at the place. */
export function nameOfFunction(place: OriginalPlace): string | undefined {
  const text = around(place);
  if (text === undefined) return undefined;
  const named = NAMED_FUNCTION.exec(text.after)?.[1];
  if (named !== undefined) return named;
  if (!/^(?:async\b|function\b|\(|[\p{L}_$])/u.test(text.after)) return undefined;
  // `flag ? other : () => …` names nothing.
  if (/\?.*:\s*$/.test(text.before)) return undefined;
  const assigned = ASSIGNED.exec(text.before)?.[1];
  return assigned === undefined || KEYWORD.test(assigned) ? undefined : assigned;
}

function around({ content, line, column }: OriginalPlace): { before: string; after: string } | undefined {
  const text = content();
  if (text === undefined) return undefined;
  let start = 0;
  for (let i = 0; i < line; i++) {
    start = text.indexOf('\n', start) + 1;
    if (start === 0) return undefined;
  }
  const at = start + column;
  return { before: text.slice(Math.max(start, at - REACH), at), after: text.slice(at, at + REACH) };
}
