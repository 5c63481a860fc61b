// Finds values in JSON bytes without parsing all of it: a map of 32 MiB as a string and a parsed object would not fit into
// the 160 MB heap of the delivery thread, its bytes lie outside of that heap. Linear, no recursion; broken JSON throws.

const QUOTE = 34;
const BACKSLASH = 92;

export type Visit = (from: number, to: number, key: string) => void;

/** Calls `visit` with the byte range of each value of the object that begins at or behind `at`. */
export function eachMember(json: Buffer, at: number, visit: Visit): void {
  let i = blank(json, at);
  expect(json, i, '{');
  i = blank(json, i + 1);
  while (json[i] !== 125) {
    const end = skipString(json, i);
    const key = json.toString('utf8', i + 1, Math.min(end - 1, i + 64));
    i = blank(json, end);
    expect(json, i, ':');
    const from = blank(json, i + 1);
    const to = skipValue(json, from);
    visit(from, to, key);
    i = next(json, to, 125);
  }
}

/** Calls `visit` with the byte range of each element of the array that begins at or behind `at`. */
export function eachElement(json: Buffer, at: number, visit: (from: number, to: number) => void): void {
  let i = blank(json, at);
  expect(json, i, '[');
  i = blank(json, i + 1);
  while (json[i] !== 93) {
    const to = skipValue(json, i);
    visit(i, to);
    i = next(json, to, 93);
  }
}

export function parseRange(json: Buffer, from: number, to: number): unknown {
  return JSON.parse(json.toString('utf8', from, to));
}

function next(json: Buffer, at: number, close: number): number {
  const i = blank(json, at);
  if (json[i] === close) return i;
  expect(json, i, ',');
  return blank(json, i + 1);
}

function blank(json: Buffer, at: number): number {
  let i = at;
  while (json[i] === 32 || json[i] === 10 || json[i] === 13 || json[i] === 9) i++;
  return i;
}

function expect(json: Buffer, at: number, char: string): void {
  if (json[at] !== char.charCodeAt(0)) throw new SyntaxError(`no ${char} at byte ${at}`);
}

function skipString(json: Buffer, at: number): number {
  expect(json, at, '"');
  for (let end = json.indexOf(QUOTE, at + 1); end >= 0; end = json.indexOf(QUOTE, end + 1)) {
    let slashes = 0;
    // Never further back than to the quote before, so all the counting together is one pass.
    while (json[end - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  throw new SyntaxError('a string does not end');
}

function skipValue(json: Buffer, at: number): number {
  let depth = 0;
  let i = at;
  while (i < json.length) {
    const byte = json[i]!;
    if (byte === QUOTE) {
      i = skipString(json, i);
      if (depth === 0) return i;
      continue;
    }
    if (byte === 123 || byte === 91) depth++;
    else if (byte === 125 || byte === 93) {
      if (depth === 0) return i;
      if (--depth === 0) return i + 1;
    } else if (byte === 44 && depth === 0) return i;
    i++;
  }
  throw new SyntaxError('a value does not end');
}
