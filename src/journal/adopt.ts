// Taking over what a dead process left. In: the path of its journal. Out: the path under which it is ours now, or nothing
// where somebody else was faster. Loses nothing: a directory changes hands by one rename, which has one winner.

import { renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { uuidv7 } from '../util/uuid.ts';
import { type Identity, selfIdentity, tagOf } from './identity.ts';
import { describeJournal, isOrphan, journalsFolder, namesIn } from './layout.ts';

/** @returns the new path, or undefined: the holder lives, or another adopter won */
export function adopt(journalDir: string, mine: Identity = selfIdentity()): string | undefined {
  const found = describeJournal(journalDir, basename(journalDir));
  if (!found || !isOrphan(found)) return undefined;
  const path = join(dirname(journalDir), `${found.id}~${tagOf(mine)}`);
  try {
    renameSync(journalDir, path);
  } catch {
    return undefined;
  }
  // Between look and rename a new process may have made a directory of the same name: then it is given back.
  const taken = describeJournal(path, basename(journalDir));
  if (taken && isOrphan(taken)) return path;
  try {
    renameSync(path, journalDir);
  } catch {}
  return undefined;
}

/** Removes a journal of which everything is shipped. The rename comes first, so that nobody adopts half a directory. */
export function removeJournal(journalDir: string): void {
  const doomed = join(dirname(journalDir), `.gone-${uuidv7()}`);
  try {
    renameSync(journalDir, doomed);
    rmSync(doomed, { recursive: true, force: true });
  } catch {}
}

/** Finishes removals that a crash cut short. */
export function sweep(dir: string): void {
  for (const name of namesIn(journalsFolder(dir)).filter((name) => name.startsWith('.gone-'))) {
    try {
      rmSync(join(journalsFolder(dir), name), { recursive: true, force: true });
    } catch {}
  }
}
