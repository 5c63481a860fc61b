// Puts a segment aside that this version cannot read, whole. In: its path. Out: where it is now, and how many lines and
// occurrences it seems to hold, as far as it is lines. Deletes nothing: a newer version can read it.

import { basename, dirname, join } from 'node:path';
import { nodeFiles } from './files.ts';
import { segmentName } from './layout.ts';
import { LineReader } from './line-reader.ts';

export interface Quarantined {
  path: string;
  frames: number;
  occurrences: number;
}

export function quarantine(journalDir: string, segment: number): Quarantined {
  const from = join(journalDir, segmentName(segment));
  const counted = count(from);
  const folder = join(dirname(dirname(journalDir)), 'quarantine');
  const path = join(folder, `${basename(journalDir)}-${segmentName(segment)}`);
  nodeFiles.mkdirSync(folder, { recursive: true, mode: 0o700 });
  nodeFiles.renameSync(from, path);
  return { path, ...counted };
}

function count(path: string): { frames: number; occurrences: number } {
  const lines = new LineReader(path, 0, 4 * 1024 * 1024);
  // The first line says who wrote it.
  let frames = -1;
  let occurrences = 0;
  try {
    for (let chunk = lines.read(256 * 1024); chunk.length > 0; chunk = lines.read(256 * 1024)) {
      frames += chunk.length;
      occurrences += chunk.filter(({ bytes }) => bytes?.includes('"k":"log"')).length;
    }
  } finally {
    lines.close();
  }
  return { frames: Math.max(0, frames), occurrences };
}
