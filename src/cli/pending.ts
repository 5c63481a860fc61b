// Whether what the journals held at a certain moment is in the database by now. In: the folder. Out: how many journals
// are behind. Reads names, sizes and shipped.json only.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { isDead } from '../journal/identity.ts';
import { type FoundJournal, listJournals, namesIn, segmentName } from '../journal/layout.ts';
import { type Position, readShipped, segmentsOf } from '../journal/shipped.ts';

/** Ends of the journals that are not shipped up to there, by id (a path changes when a journal is adopted). */
export type Pending = ReadonlyMap<string, Position>;

/** Journals that this folder's owner, or whoever adopts, has to ship; not those that living processes ship themselves. */
export function pendingJournals(dir: string): Pending {
  const pending = new Map<string, Position>();
  for (const journal of listJournals(dir)) {
    if (journal.owner.shippedBy === 'self' && !isDead(journal.owner)) continue;
    const end = endOf(journal);
    if (end !== undefined && isBehind(journal, end)) pending.set(journal.id, end);
  }
  return pending;
}

/** Which of them still are. */
export function stillPending(dir: string, then: Pending): number {
  if (then.size === 0) return 0;
  return listJournals(dir).filter((journal) => then.has(journal.id) && isBehind(journal, then.get(journal.id)!)).length;
}

/** @returns how many journals are behind when the time is over */
export async function waitUntilShipped(dir: string, then: Pending, timeoutMillis: number): Promise<number> {
  const deadline = performance.now() + timeoutMillis;
  for (;;) {
    const behind = stillPending(dir, then);
    if (behind === 0 || performance.now() >= deadline) return behind;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function endOf({ path }: FoundJournal): Position | undefined {
  const segment = segmentsOf(namesIn(path)).at(-1);
  if (segment === undefined) return undefined;
  try {
    return { segment, offset: statSync(join(path, segmentName(segment))).size };
  } catch {
    return undefined;
  }
}

function isBehind({ path }: FoundJournal, end: Position): boolean {
  const shipped = readShipped(path);
  return shipped.segment < end.segment || (shipped.segment === end.segment && shipped.offset < end.offset);
}
