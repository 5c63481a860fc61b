// Taking over what a dead process left. In: the path of its journal. Out: the path under which it is ours now, or nothing
// where somebody else was faster. Loses nothing: a directory changes hands by one rename, which has one winner.

import { basename, dirname, join } from 'node:path';
import { uuidv7 } from '../util/uuid.ts';
import { nodeFiles } from './files.ts';
import { type Identity, isDead, presenceToAsk, selfIdentity, tagOf } from './identity.ts';
import { describeJournal, type FoundJournal, journalsFolder, listJournals, namesIn } from './layout.ts';
import { isAbsent, presenceIn, sweepPresences } from './presence.ts';

/** True when whoever may touch this journal is dead, also in another container. */
export async function isProvenOrphan(journal: FoundJournal): Promise<boolean> {
  const who = journal.holder ?? journal.owner;
  if (isDead(who)) return true;
  const token = presenceToAsk(who);
  return token !== undefined && isAbsent(dirname(dirname(journal.path)), token);
}

/** @returns the new path, or undefined: the holder lives, or another adopter won */
export async function adopt(journalDir: string, mine: Identity = selfIdentity()): Promise<string | undefined> {
  const found = describeJournal(journalDir, basename(journalDir));
  if (!found || !(await isProvenOrphan(found))) return undefined;
  // Others have to see that the new holder lives before it holds anything.
  const presence = presenceIn(dirname(dirname(journalDir)));
  await presence?.ready;
  const path = join(dirname(journalDir), `${found.id}~${tagOf({ ...mine, presence: presence?.token })}`);
  try {
    nodeFiles.renameSync(journalDir, path);
  } catch {
    return undefined;
  }
  // Between look and rename a new process may have made a directory of the same name: then it is given back.
  const taken = describeJournal(path, basename(path));
  if (taken && tagOf(taken.owner) === tagOf(found.owner)) return path;
  try {
    nodeFiles.renameSync(path, journalDir);
  } catch {}
  return undefined;
}

/** Removes a journal of which everything is shipped. The rename comes first, so that nobody adopts half a directory. */
export function removeJournal(journalDir: string): void {
  const doomed = join(dirname(journalDir), `.gone-${uuidv7()}`);
  try {
    nodeFiles.renameSync(journalDir, doomed);
    nodeFiles.rmSync(doomed, { recursive: true, force: true });
  } catch {}
}

/** Finishes removals that a crash cut short, and removes the signs of life of processes that left nothing. */
export async function sweep(dir: string): Promise<void> {
  for (const name of namesIn(journalsFolder(dir)).filter((name) => name.startsWith('.gone-'))) {
    try {
      nodeFiles.rmSync(join(journalsFolder(dir), name), { recursive: true, force: true });
    } catch {}
  }
  const named = new Set(listJournals(dir).flatMap(({ owner, holder }) => [owner.presence, holder?.split('.').at(-1)]));
  await sweepPresences(dir, (token) => named.has(token));
}
