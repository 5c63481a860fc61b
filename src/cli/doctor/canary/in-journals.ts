// Where a canary's error was journaled. In: folders and the mark. Out: the journal, and which row it is to become.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryFolder, temporaryFolder } from '../../../journal/directory.ts';
import { decodeFrame } from '../../../journal/frame.ts';
import { listJournals, namesIn, segmentName } from '../../../journal/layout.ts';
import { segmentsOf } from '../../../journal/shipped.ts';
import type { LogFact } from '../../../record/fact.ts';

export interface InJournal {
  path: string;
  /** It could not be in the folder wanted. */
  elsewhere: boolean;
  eventId: string;
  createdAt: Date;
}

/** The folder wanted first, then where a journal goes that cannot be there. */
export function findInJournals(dir: string, pid: number | undefined, mark: string): InJournal | undefined {
  for (const folder of [dir, temporaryFolder(), memoryFolder()]) {
    for (const { path } of listJournals(folder).filter(({ owner }) => owner.pid === pid)) {
      const fact = factIn(path, mark);
      if (fact) return { path, elsewhere: folder !== dir, eventId: fact.id, createdAt: new Date(fact.t) };
    }
  }
  return undefined;
}

function factIn(path: string, mark: string): LogFact | undefined {
  for (const segment of segmentsOf(namesIn(path))) {
    try {
      const lines = readFileSync(join(path, segmentName(segment)), 'utf8').split('\n');
      const line = lines.find((text) => text.includes(mark) && text.includes('"k":"log"'));
      const frame = line && decodeFrame(Buffer.from(line));
      if (frame) return JSON.parse(frame.json) as LogFact;
    } catch {
      // Shipped and removed meanwhile, or not ours to read.
    }
  }
  return undefined;
}
