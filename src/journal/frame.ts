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
const QUOTE = 0x22;
const COMMA = 0x2c;

/** Twice as fast as toString(16).padStart(8, '0'). */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * `json` is an object with at least one member. Joined strings and one checksum: 3.5 µs for 1 KB, JSON.stringify included
 * (2.5 µs without a frame); encoding into a Buffer first takes 5.8 µs (best of 60 interleaved rounds, Node 24).
 */
export function encodeFrame(json: string, n: number, o: number): string {
  const checked = `"n":${n},"o":${o},${json.slice(1)}`;
  const c = crc32(checked);
  return `${HEAD}${HEX[c >>> 24]}${HEX[(c >>> 16) & 255]}${HEX[(c >>> 8) & 255]}${HEX[c & 255]}",${checked}\n`;
}

/** @returns nothing where the line (without its newline) is not exactly what was written */
export function decodeFrame(line: Buffer): Frame | undefined {
  if (line.length <= CHECKED_AT || line[14] !== QUOTE || line[15] !== COMMA) return undefined;
  if (line.toString('latin1', 0, HEAD.length) !== HEAD) return undefined;
  if (crc32(line.subarray(CHECKED_AT)) !== Number.parseInt(line.toString('latin1', 6, 14), 16)) return undefined;
  const checked = line.toString('utf8', CHECKED_AT);
  const match = /^"n":(\d{1,15}),"o":(\d{1,15}),/.exec(checked);
  if (!match) return undefined;
  return { n: Number(match[1]), o: Number(match[2]), json: `{${checked.slice(match[0].length)}` };
}

/** A whole frame at the end of a damaged line: half a frame was written in front of it, or the newline between is gone. */
export function findFrame(line: Buffer): { start: number; frame: Frame } | undefined {
  for (let start = line.indexOf(HEAD, 1); start !== -1; start = line.indexOf(HEAD, start + 1)) {
    const frame = decodeFrame(line.subarray(start));
    if (frame) return { start, frame };
  }
  return undefined;
}
