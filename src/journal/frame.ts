// One line of a segment: {"c":"1a2b3c4d","n":17,"o":9,"k":"log",…}. In: a fact's JSON and its place in the sequence. Out: a
// line that is JSON still (jq, grep and cat read it), and back. `c` is the CRC-32 of all behind it, up to the newline.
// `n` counts the frames of the journal from 1, `o` the occurrences in the frames before: a gap says exactly what is lost.

import { crc32 } from 'node:zlib';

export interface Frame {
  n: number;
  o: number;
  /** The fact, as it was given. */
  json: string;
}

/** Where the checked part begins, behind `{"c":"xxxxxxxx",`. */
const CHECKED_AT = 16;
const HEAD = '{"c":"';
const HEAD_PATTERN = /^\{"c":"([0-9a-f]{8})","n":(\d{1,15}),"o":(\d{1,15}),/;
const MAX_HEAD = 56;
const COMMA = 0x2c;
const OPENING_BRACE = 0x7b;
const NEWLINE = 0x0a;

const DIGITS = Buffer.from('0123456789abcdef');

/** More bytes than a frame of so many characters takes: three of UTF-8 each, what stands before them, a newline. */
export function frameRoom(jsonChars: number): number {
  return jsonChars * 3 + MAX_HEAD + 1;
}

/**
 * Writes a frame at `at`, where `frameRoom` is left. `json` is an object with at least one member.
 *
 * Encoded once, where joined strings were encoded for the checksum, the size and the write: 4.2 instead of 5.8 µs for a line
 * of 2.8 KB with its write, 0.65 instead of 1.3 for each 2.5 KB of a line of 100 KB (best of 40 rounds, Node 24). In a
 * receiver, JSON included, 6 instead of 13 µs a record of 2.5 KB: long strings that live for one write cost most of it.
 *
 * @returns the end of the frame
 */
export function writeFrame(into: Buffer, at: number, json: string, n: number, o: number): number {
  const comma = at + into.write(`${HEAD}00000000","n":${n},"o":${o}`, at, 'latin1');
  const end = comma + into.write(json, comma);
  into[comma] = COMMA;
  let c = crc32(into.subarray(at + CHECKED_AT, end));
  for (let digit = at + HEAD.length + 7; digit >= at + HEAD.length; digit--) {
    into[digit] = DIGITS[c & 15]!;
    c >>>= 4;
  }
  into[end] = NEWLINE;
  return end + 1;
}

export function encodeFrame(json: string, n: number, o: number): string {
  const bytes = Buffer.allocUnsafe(frameRoom(json.length));
  return bytes.toString('utf8', 0, writeFrame(bytes, 0, json, n, o));
}

/**
 * @returns nothing where the line (without its newline) is not exactly what was written
 *
 * The fact's text is made once and whole, its opening brace put in place of the comma before it while it is read: a piece of
 * the line's text with a brace in front is joined anew when it is parsed (2.5 of 24 KB of garbage for a row of 2.2 KB).
 */
export function decodeFrame(line: Buffer): Frame | undefined {
  const head = HEAD_PATTERN.exec(line.toString('latin1', 0, MAX_HEAD));
  if (head === null || crc32(line.subarray(CHECKED_AT)) !== Number.parseInt(head[1]!, 16)) return undefined;
  const comma = head[0].length - 1;
  line[comma] = OPENING_BRACE;
  const json = line.toString('utf8', comma);
  line[comma] = COMMA;
  return { n: Number(head[2]), o: Number(head[3]), json };
}

/** A whole frame at the end of a damaged line: half a frame was written in front of it, or the newline between is gone. */
export function findFrame(line: Buffer): { start: number; frame: Frame } | undefined {
  for (let start = line.indexOf(HEAD, 1); start !== -1; start = line.indexOf(HEAD, start + 1)) {
    const frame = decodeFrame(line.subarray(start));
    if (frame) return { start, frame };
  }
  return undefined;
}
