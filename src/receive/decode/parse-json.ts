// Bytes → parsed JSON, bounded: JSON.parse makes 20 MiB of "[" into a gigabyte of arrays, and 30 KB of them into what
// JSON.stringify cannot write, so bodies are looked at first. A look costs 1 ns a byte. Throws DecodeError.

import { DecodeError, TooManyError } from './decode-error.ts';

/** An AnyValue takes three levels a nesting; 32 of them within the eight of a request. */
const MAX_NESTING = 128;
/** 20 MiB of the shortest attributes are half as many objects and lists. */
const MAX_CONTAINERS = 2_000_000;

export function parseJson(bytes: Uint8Array): unknown {
  requireBounded(bytes);
  const begin = hasMark(bytes) ? 3 : 0;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + begin, bytes.byteLength - begin).toString('utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    // Never the text itself: it may hold secrets.
    const at = /position \d+/.exec((error as Error).message)?.[0];
    throw new DecodeError(`not JSON${at === undefined ? '' : ` (at ${at})`}`);
  }
}

/** The mark of UTF-8, which tools of .NET and Windows write in front: RFC 8259 lets a reader pass over it. */
function hasMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/** @throws DecodeError where JSON.parse would make too much of it */
export function requireBounded(bytes: Uint8Array): void {
  let depth = 0;
  let containers = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 0x22) {
      for (at++; at < bytes.length && bytes[at] !== 0x22; at++) if (bytes[at] === 0x5c) at++;
    } else if (byte === 0x7b || byte === 0x5b) {
      containers++;
      if (++depth > MAX_NESTING) throw new DecodeError(`nested deeper than ${MAX_NESTING}`);
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  if (containers > MAX_CONTAINERS) throw new TooManyError(`more than ${MAX_CONTAINERS} objects and lists`);
}
