// shipped.json: how far a journal is safely stored elsewhere. In: a position. Out: the file, replaced by rename, and the
// segments wholly behind the position removed. A lost or stale file costs a replay, which an idempotent sink absorbs.

import { readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn, SHIPPED_FILE, segmentName, segmentNumber } from './layout.ts';

/** A place between two lines: segment number and byte offset. */
export interface Position {
  segment: number;
  offset: number;
}

/** Beginning of every journal. */
export const START: Position = Object.freeze({ segment: 0, offset: 0 });

export function readShipped(journalDir: string): Position {
  try {
    const { segment, offset } = JSON.parse(readFileSync(join(journalDir, SHIPPED_FILE), 'utf8'));
    if (Number.isSafeInteger(segment) && Number.isSafeInteger(offset) && segment >= 0 && offset >= 0)
      return { segment, offset };
  } catch {}
  return START;
}

/**
 * Order: the rows are committed, then the state is written, then segments go. The other way round a crash in between
 * would leave a state that points at nothing. A state that cannot be written (disk full) does not keep the segments:
 * what they hold is committed, and removing them is what makes room again.
 */
export function writeShipped(journalDir: string, position: Position): void {
  try {
    const path = join(journalDir, SHIPPED_FILE);
    writeFileSync(`${path}.tmp`, `${JSON.stringify(position)}\n`, { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  } catch {}
  for (const segment of segmentsOf(namesIn(journalDir)).filter((number) => number < position.segment)) {
    try {
      unlinkSync(join(journalDir, segmentName(segment)));
    } catch {}
  }
}

/** Segment numbers among file names, in order. */
export function segmentsOf(names: string[]): number[] {
  return names
    .map(segmentNumber)
    .filter((number) => number !== undefined)
    .sort((a, b) => a - b);
}
