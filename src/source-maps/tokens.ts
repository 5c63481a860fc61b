// A JavaScript tokenizer for one question only: where do functions begin, end and get their names. Words, brackets and
// operators come out; strings, numbers, comments and regular expressions are skipped over. One pass, no tree: a parser
// would need some 30 times the size of the bundle in memory.

export const WORD = 1;
export const PUNCTUATION = 2;
/** String, number, regular expression, end of a template. */
export const VALUE = 3;

export interface Token {
  kind: number;
  start: number;
  end: number;
  /** Of punctuation; `=>` is "A" and a postfix operator is a VALUE. */
  char: string;
}

const REGEX_AFTER = new Set(
  'return typeof case in of delete void throw new do else instanceof yield await default'.split(' '),
);
const IS_WORD = new Uint8Array(128);
for (const char of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$#\\')
  IS_WORD[char.charCodeAt(0)] = 1;

const isWordCode = (code: number) => (code >= 128 ? code !== 0x2028 && code !== 0x2029 : IS_WORD[code] === 1);
const isDigit = (code: number) => code >= 48 && code <= 57;

/** `closesStatement`: whether the bracket that just closed ended a statement (a `/` then begins a regular expression). */
export interface TokenSink {
  take(token: Token, previous: Token): void;
  /** Asked when a `}` comes: true when it ends `${` in a template. */
  endsTemplate(): boolean;
  openTemplate(start: number): void;
  closedStatement(): boolean;
}

/** False when the text ended inside of something. */
export function tokenize(text: string, sink: TokenSink): boolean {
  let previous: Token = { kind: PUNCTUATION, start: 0, end: 0, char: ';' };
  let token: Token = { kind: PUNCTUATION, start: 0, end: 0, char: ';' };
  let i = text.startsWith('#!') ? lineEnd(text, 0) : 0;
  const emit = (kind: number, start: number, end: number, char: string) => {
    const next = previous;
    previous = token;
    token = next;
    token.kind = kind;
    token.start = start;
    token.end = end;
    token.char = char;
    sink.take(token, previous);
    i = end;
  };
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (code <= 32 || code === 0xfeff || code === 0x2028) i++;
    else if (isWordCode(code)) {
      let end = i + 1;
      const number = isDigit(code);
      while (end < text.length && (isWordCode(text.charCodeAt(end)) || (number && text.charCodeAt(end) === 46))) end++;
      emit(number ? VALUE : WORD, i, end, '');
    } else if (code === 34 || code === 39) emit(VALUE, i, stringEnd(text, i, code), '');
    else if (code === 96 || (code === 125 && sink.endsTemplate())) {
      const end = templateEnd(text, i + 1);
      if (end > text.length) return false;
      const start = i;
      if (text.charCodeAt(end - 1) === 123) {
        emit(PUNCTUATION, start, end, '$');
        sink.openTemplate(end);
      } else emit(VALUE, start, end, '');
    } else if (code === 47) {
      const next = text.charCodeAt(i + 1);
      if (next === 47) i = lineEnd(text, i);
      else if (next === 42) {
        const end = text.indexOf('*/', i + 2);
        if (end < 0) return false;
        i = end + 2;
      } else {
        const end = mayBeRegex(text, token, sink) ? regexEnd(text, i) : -1;
        if (end < 0) emit(PUNCTUATION, i, i + 1, '/');
        else emit(VALUE, i, end, '');
      }
    } else if (code === 61 && text.charCodeAt(i + 1) === 62) emit(PUNCTUATION, i, i + 2, 'A');
    else if ((code === 43 || code === 45) && text.charCodeAt(i + 1) === code) emit(VALUE, i, i + 2, '');
    else if (code === 61 || code === 33 || code === 60 || code === 62) {
      // `==`, `!=`, `<=`: not assignments.
      let end = i + 1;
      while (end < text.length && end < i + 4 && '=<>'.includes(text[end]!)) end++;
      emit(PUNCTUATION, i, end, end === i + 1 ? text[i]! : '<');
    } else if (code === 63 && (text[i + 1] === '?' || (text[i + 1] === '.' && !isDigit(text.charCodeAt(i + 2)))))
      emit(PUNCTUATION, i, i + 2, text[i + 1] === '.' ? '.' : '|');
    else emit(PUNCTUATION, i, i + 1, text[i]!);
  }
  return true;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}

function stringEnd(text: string, at: number, quote: number): number {
  let i = at + 1;
  while (i < text.length) {
    const code = text.charCodeAt(i++);
    if (code === 92) i++;
    else if (code === quote || code === 10) break;
  }
  return i;
}

/** Behind the closing backtick, or behind the next `${`; beyond the text where neither comes. */
function templateEnd(text: string, at: number): number {
  let i = at;
  while (i < text.length) {
    const code = text.charCodeAt(i++);
    if (code === 92) i++;
    else if (code === 96) return i;
    else if (code === 36 && text.charCodeAt(i) === 123) return i + 1;
  }
  return text.length + 1;
}

function mayBeRegex(text: string, last: Token, sink: TokenSink): boolean {
  if (last.kind === VALUE) return false;
  if (last.kind === WORD) return last.end - last.start <= 10 && REGEX_AFTER.has(text.slice(last.start, last.end));
  return last.char === ')' || last.char === '}' ? sink.closedStatement() : last.char !== ']';
}

function regexEnd(text: string, at: number): number {
  let inClass = false;
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 10) return -1;
    if (code === 92) i++;
    else if (code === 91) inClass = true;
    else if (code === 93) inClass = false;
    else if (code === 47 && !inClass) return i + 1;
  }
  return -1;
}
