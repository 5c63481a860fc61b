// Looks through a folder for journals to ship. In: what is followed already. Out: calls of `follow`. Takes over what dead
// processes left; touches nothing of the living.

import { adopt, sweep } from '../journal/adopt.ts';
import { selfIdentity, tagOf } from '../journal/identity.ts';
import { isOrphan, listJournals } from '../journal/layout.ts';
import type { Follower } from './follower.ts';

/** Dead journals in work at a time, so that a thousand crashed processes do not open a thousand files. */
const MAX_ADOPTED = 8;

export interface JournalFinder {
  mode: 'self' | 'owner';
  followed: ReadonlyMap<string, Follower>;
  follow(journalDir: string, writerGone: boolean): void;
}

export function scanJournals(dir: string, finder: JournalFinder): void {
  const mine = tagOf(selfIdentity());
  sweep(dir);
  for (const journal of listJournals(dir)) {
    const follower = finder.followed.get(journal.path);
    if (follower) {
      if (!follower.isEnding && isOrphan(journal)) follower.writerDied();
      continue;
    }
    if (adoptedCount(finder) >= MAX_ADOPTED) {
      if (finder.mode === 'self') return;
    } else if (journal.holder === mine) {
      // Adopted by an earlier delivery thread of this process.
      finder.follow(journal.path, true);
      continue;
    } else if (isOrphan(journal)) {
      const path = adopt(journal.path);
      if (path) finder.follow(path, true);
      continue;
    }
    if (finder.mode === 'owner' && journal.owner.shippedBy === 'owner' && !journal.holder)
      finder.follow(journal.path, false);
  }
}

function adoptedCount({ followed }: JournalFinder): number {
  let count = 0;
  for (const follower of followed.values()) if (follower.isEnding) count++;
  return count;
}
