// Whether what the journals held at a certain moment is in the database by now. In: the folder. Out: how many journals
// are behind. Reads names, sizes and how far they are stored.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { isDead } from '../journal/identity.ts';
import { type FoundJournal, listJournals, namesIn, type ShippedBy, segmentName } from '../journal/layout.ts';
import { type Position, readStored, segmentsOf } from '../journal/shipped.ts';

type Place = Pick<Position, 'segment' | 'offset'>;

/** Ends of the journals that are not stored up to there, by id (a path changes when a journal is adopted). */
export type Pending = ReadonlyMap<string, Place>;

/**
 * Journals that the embedded database's owner has to ship, or (self) that ended processes left which shipped to a database
 * or a receiver; not those that living processes ship themselves.
 */
export function pendingJournals(dir: string, shippedBy: ShippedBy): Pending {
  const pending = new Map<string, Place>();
  for (const journal of listJournals(dir)) {
    if (journal.owner.shippedBy !== shippedBy) continue;
    if (shippedBy === 'self' && !isDead(journal.owner)) continue;
    const end = endOf(journal);
    if (end !== undefined && isBehind(journal, end)) pending.set(journal.id, end);
  }
  return pending;
}

/** Which of them still are. */
function stillPending(dir: string, then: Pending): number {
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

function endOf({ path }: FoundJournal): Place | undefined {
  const segment = segmentsOf(namesIn(path)).at(-1);
  if (segment === undefined) return undefined;
  try {
    return { segment, offset: statSync(join(path, segmentName(segment))).size };
  } catch {
    return undefined;
  }
}

function isBehind({ path }: FoundJournal, end: Place): boolean {
  const stored = readStored(path);
  return stored.segment < end.segment || (stored.segment === end.segment && stored.offset < end.offset);
}
