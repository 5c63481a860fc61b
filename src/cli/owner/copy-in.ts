// Does a text of statements copy from its client? PGlite would read the data from nowhere and exit, the whole owner with it.
// In: bytes of a Query or Parse message. Only how statements begin counts, outside literals, names, comments and brackets:
// a text that talks of copying is a text. What cannot be parsed is not run, so it is no danger either.

const WORDS = [/\bcopy\b/i, /\bstd(in|out)\b/i];
/** The grammar takes STDOUT for STDIN, too. */
const COPY_IN = /^\s*copy\b.*\bfrom\s+std(in|out)\b/is;
const DOLLAR_TAG = /\$(?:[a-z_\x80-\xff][\w\x80-\xff]*)?\$/iy;
const WORD = /[\w$\x80-\xff]/;

/** @param message of type Q or P */
export function isCopyIn(message: Buffer): boolean {
  // Type and length; in Parse the name of the statement comes before its text.
  const start = message[0] === 0x50 ? message.indexOf(0, 5) + 1 : 5;
  const text = message.toString('latin1', start, message.indexOf(0, start));
  if (!WORDS.every((word) => word.test(text))) return false;
  // A session may have set standard_conforming_strings off, where a backslash keeps a literal open.
  const readings = text.includes('\\') ? [false, true] : [false];
  return readings.some((escapes) =>
    outside(text, escapes)
      .split(';')
      .some((statement) => COPY_IN.test(statement)),
  );
}

/** The text with a blank for each literal, name in quotes, comment and bracket. */
function outside(text: string, escapes: boolean): string {
  let left = '';
  let depth = 0;
  for (let at = 0; at < text.length; ) {
    const char = text[at]!;
    const end = endOfQuoted(text, at, escapes);
    if (end === at && depth === 0 && char !== '(') left += char;
    else if (end > at || char === '(') left += ' ';
    if (char === '(') depth++;
    if (char === ')') depth = Math.max(0, depth - 1);
    at = Math.max(end, at + 1);
  }
  return left;
}

/** Behind what begins at `at` and is no code; `at` itself where code does. */
function endOfQuoted(text: string, at: number, escapes: boolean): number {
  const char = text[at]!;
  if (char === "'") {
    const escaped = escapes || (/e/i.test(text[at - 1] ?? '') && !WORD.test(text[at - 2] ?? ' '));
    return endOfLiteral(text, at, escaped);
  }
  if (char === '"') return behind(text, '"', at + 1);
  if (char === '-' && text[at + 1] === '-') {
    const line = text.slice(at).search(/[\r\n]/);
    return line < 0 ? text.length : at + line;
  }
  if (char === '/' && text[at + 1] === '*') return endOfComment(text, at);
  if (char !== '$' || WORD.test(text[at - 1] ?? ' ')) return at;
  DOLLAR_TAG.lastIndex = at;
  const tag = DOLLAR_TAG.exec(text)?.[0];
  return tag === undefined ? at : behind(text, tag, at + tag.length);
}

/** A doubled quote ends one literal and begins the next, which comes to the same. */
function endOfLiteral(text: string, at: number, escaped: boolean): number {
  if (!escaped) return behind(text, "'", at + 1);
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === "'" && text[i + 1] === "'") i++;
    else if (text[i] === "'") return i + 1;
  }
  return text.length;
}

/** Comments of this kind nest. */
function endOfComment(text: string, at: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = at;
  let depth = 0;
  for (let mark = marks.exec(text); mark; mark = marks.exec(text)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return text.length;
}

function behind(text: string, what: string, from: number): number {
  const found = text.indexOf(what, from);
  return found < 0 ? text.length : found + what.length;
}
