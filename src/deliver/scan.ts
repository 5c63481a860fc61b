// Looks through a folder for journals to ship. In: what is followed already. Out: calls of `follow`. Takes over what dead
// processes left; touches nothing of the living.

import { dirname, resolve } from 'node:path';
import { adopt, isProvenOrphan, sweep } from '../journal/adopt.ts';
import { isSelf } from '../journal/identity.ts';
import { eachJournal, journalsOf, type LeftAlone } from '../journal/layout.ts';
import type { Follower } from './follower.ts';

/** Dead journals in work at a time, so that a thousand crashed processes do not open a thousand files. */
const MAX_ADOPTED = 8;
/** Beside them: journals whose reads fail. They wait for their disk with a file open, and take no place of one that is read. */
const MAX_FAILING = 64;

export interface JournalFinder {
  mode: 'self' | 'owner';
  followed: ReadonlyMap<string, Follower>;
  follow(journalDir: string, writerGone: boolean): void;
  /** A journal that is left alone. */
  refuse(journal: LeftAlone): void;
}

/** @returns whether journals of dead processes were left for a later scan, since enough are in work */
export async function scanJournals(dir: string, finder: JournalFinder): Promise<boolean> {
  let left = false;
  for (const journal of eachJournal(dir, (one) => finder.refuse(one))) {
    const follower = finder.followed.get(journal.path);
    if (follower) {
      if (!follower.isEnding && (await isProvenOrphan(journal))) follower.writerDied();
      continue;
    }
    // Written for a database or a receiver: its rows are not looked for in the embedded one.
    if (finder.mode === 'owner' && journal.owner.shippedBy === 'self') continue;
    if (!hasRoom(finder.followed)) {
      left ||= await isProvenOrphan(journal);
      if (left && finder.mode === 'self') return true;
    } else if (journal.holder && isSelf(journal.holder)) {
      // Adopted by an earlier delivery thread of this process.
      finder.follow(journal.path, true);
      continue;
    } else if (await isProvenOrphan(journal)) {
      const path = await adopt(journal.path);
      if (path) finder.follow(path, true);
      continue;
    }
    if (finder.mode === 'owner' && journal.owner.shippedBy === 'owner' && !journal.holder)
      finder.follow(journal.path, false);
  }
  // Last: it looks at all there are, and a process may not live that long.
  await sweep(dir);
  return left;
}

/**
 * False while another journal of the same process lies in the folder (it had to begin a new one), unless its end was reached
 * here: two that end together would each leave it to the other to say that the process ended.
 */
export function isLastJournal(process: string, journalDir: string, followed: JournalFinder['followed']): boolean {
  return journalsOf(dirname(dirname(journalDir)), process).every(
    ({ path }) => resolve(path) === resolve(journalDir) || followed.get(path)?.hasEnded,
  );
}

/** Dead journals in work, or those whose reads fail. */
export function adoptedCount(followed: JournalFinder['followed'], failing = false): number {
  let count = 0;
  for (const follower of followed.values()) if (follower.isEnding && follower.isFailing === failing) count++;
  return count;
}

function hasRoom(followed: JournalFinder['followed']): boolean {
  return adoptedCount(followed) < MAX_ADOPTED && adoptedCount(followed, true) < MAX_FAILING;
}
