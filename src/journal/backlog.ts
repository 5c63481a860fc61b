// What a journal holds that is not stored yet. In: its directory. Out: bytes, records and when the oldest was captured.
// Reads only; a segment that goes while it is looked at was shipped meanwhile.

import { constants } from 'node:fs';
import { join } from 'node:path';
import { nodeFiles } from './files.ts';
import { decodeFrame } from './frame.ts';
import { namesIn, segmentName } from './layout.ts';
import { readStored, segmentsOf } from './shipped.ts';

export interface Backlog {
  bytes: number;
  records: number;
  /** Unix milliseconds. */
  oldest?: number;
}

const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

export function backlogOf(journalDir: string): Backlog {
  const stored = readStored(journalDir);
  const backlog: Backlog = { bytes: 0, records: 0 };
  for (const segment of segmentsOf(namesIn(journalDir)).filter((number) => number >= stored.segment)) {
    try {
      const from = segment === stored.segment ? stored.offset : 0;
      addSegment(backlog, join(journalDir, segmentName(segment)), from);
    } catch {}
  }
  return backlog;
}

function addSegment(backlog: Backlog, path: string, from: number): void {
  const fd = nodeFiles.openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let lines = 0;
  try {
    let offset = from;
    for (;;) {
      const filled = nodeFiles.readSync(fd, buffer, 0, CHUNK_BYTES, offset);
      if (filled === 0) break;
      const chunk = buffer.subarray(0, filled);
      if (backlog.oldest === undefined) lookForTime(backlog, chunk);
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) lines++;
      offset += filled;
    }
    backlog.bytes += offset - from;
    // The first line of a segment says who writes it.
    backlog.records += from === 0 ? Math.max(0, lines - 1) : lines;
  } finally {
    nodeFiles.closeSync(fd);
  }
}

/** The first facts tell: they are in the order of their capture, but for those that bear no time. */
function lookForTime(backlog: Backlog, chunk: Buffer): void {
  let start = 0;
  for (let tries = 0; tries < 10; tries++) {
    const end = chunk.indexOf(NEWLINE, start);
    if (end === -1) return;
    const time = timeOf(chunk.subarray(start, end));
    if (time !== undefined) {
      backlog.oldest = time;
      return;
    }
    start = end + 1;
  }
}

function timeOf(line: Buffer): number | undefined {
  try {
    const fact = JSON.parse(decodeFrame(line)?.json ?? 'null') as { t?: unknown } | null;
    return typeof fact?.t === 'number' ? fact.t : undefined;
  } catch {
    return undefined;
  }
}
