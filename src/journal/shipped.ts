// shipped.json: how far a journal is safely stored elsewhere. In: a position. Out: the file, a frame written over the one
// before, and the segments wholly behind the position removed. A lost, damaged or stale file costs a replay, which an
// idempotent sink absorbs. stored.json, beside it where a store has rows some time before they are safe there: how far rows can be seen.

import { constants } from 'node:fs';
import { join } from 'node:path';
import type { Archive } from './archive.ts';
import { nodeFiles } from './files.ts';
import { decodeFrame, encodeFrame, type Frame } from './frame.ts';
import { namesIn, readSmall, SHIPPED_FILE, STORED_FILE, segmentName, segmentNumber } from './layout.ts';

/** A place between two lines: segment number, byte offset, and the numbers of the next frame (0: not known). */
export interface Position {
  segment: number;
  offset: number;
  n: number;
  o: number;
}

/** Beginning of every journal. */
export const START: Position = Object.freeze({ segment: 0, offset: 0, n: 0, o: 0 });

/** Never through a link. */
const WRITE = constants.O_WRONLY | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
/** More than the longest frame: what a longer one before leaves is covered with spaces. */
const STATE_BYTES = 128;
/** A look that meets a write half done is followed by another. */
const LOOKS = 3;
const NEWLINE = 0x0a;

/** From here on a reader begins. */
export function readShipped(journalDir: string): Position {
  return readPosition(join(journalDir, SHIPPED_FILE));
}

/** Up to here rows can be seen. */
export function readStored(journalDir: string): Position {
  const [stored, shipped] = [readPosition(join(journalDir, STORED_FILE)), readShipped(journalDir)];
  const isFurther = stored.segment - shipped.segment || stored.offset - shipped.offset;
  return isFurther > 0 ? stored : shipped;
}

function readPosition(path: string): Position {
  let frame: Frame | undefined;
  for (let look = 0; look < LOOKS && !frame; look++) {
    const text = readSmall(path);
    if (!text) return START;
    frame = decodeFrame(text.subarray(0, Math.max(0, text.indexOf(NEWLINE))));
  }
  if (!frame) return START;
  try {
    const { segment, offset } = JSON.parse(frame.json);
    if (Number.isSafeInteger(segment) && Number.isSafeInteger(offset) && segment >= 0 && offset >= 0)
      return { segment, offset, n: frame.n, o: frame.o };
  } catch {}
  return START;
}

/**
 * Order: the rows are committed, then the state is written, then segments go. The other way round a crash in between
 * would leave a state that points at nothing. A state that cannot be written (disk full) does not keep the segments:
 * what they hold is committed, and removing them is what makes room again.
 */
export function writeShipped(journalDir: string, position: Position, archive?: Archive): void {
  writePosition(join(journalDir, SHIPPED_FILE), position);
  const { segment } = position;
  for (const old of segmentsOf(namesIn(journalDir)).filter((number) => number < segment)) {
    try {
      archive?.add(join(journalDir, segmentName(old)));
      nodeFiles.unlinkSync(join(journalDir, segmentName(old)));
    } catch {}
  }
}

export function writeStored(journalDir: string, position: Position): void {
  writePosition(join(journalDir, STORED_FILE), position);
}

/** In its place: 4 µs, where a new file renamed over it takes 130 (ext4), once a batch. Half of it is none, by its checksum. */
function writePosition(path: string, { segment, offset, n, o }: Position): void {
  let fd: number | undefined;
  try {
    fd = nodeFiles.openSync(path, WRITE, 0o600);
    nodeFiles.writeSync(fd, encodeFrame(JSON.stringify({ segment, offset }), n, o).padEnd(STATE_BYTES), 0);
  } catch {
  } finally {
    if (fd !== undefined) nodeFiles.closeSync(fd);
  }
}

/** Segment numbers among file names, in order. */
export function segmentsOf(names: string[]): number[] {
  return names
    .map(segmentNumber)
    .filter((number) => number !== undefined)
    .sort((a, b) => a - b);
}
