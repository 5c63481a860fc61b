// PGlite writes and syncs nothing: what it wrote is in the page cache, which a killed process does not take along and a power
// cut does. So the owner syncs for it: a checkpoint (3 to 49 ms, measured), then every file that changed since the last time
// (80 to 220 ms; all 975 of a new database once, some seconds). Until then the journals keep what they held.

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Queryable } from '../../store/db.ts';
import { syncPath } from '../../util/sync-path.ts';

/** Of clocks that stamp files coarsely. */
const SLACK_MILLIS = 2_000;
const AT_ONCE = 8;

/** @returns what makes all that was written so far safe in `folder`; a file that vanishes meanwhile is none of it */
export function settler(folder: string, db: Queryable): () => Promise<void> {
  // Everything at first: nobody knows what a predecessor left unsynced.
  let since = 0;
  return async () => {
    const start = Date.now();
    await db.query('checkpoint');
    const changed = await changedSince(folder, since);
    for (let at = 0; at < changed.length; at += AT_ONCE)
      await Promise.all(changed.slice(at, at + AT_ONCE).map((path) => present(syncPath(path))));
    since = start - SLACK_MILLIS;
  };
}

/** Files, and folders in which files came and went; the folder itself is the last. */
async function changedSince(folder: string, since: number): Promise<string[]> {
  const changed: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) changed.push(...(await changedSince(path, since)));
    else if (entry.isFile() && (await modifiedAt(path)) >= since) changed.push(path);
  }
  if ((await modifiedAt(folder)) >= since) changed.push(folder);
  return changed;
}

async function modifiedAt(path: string): Promise<number> {
  return (await present(stat(path)))?.mtimeMs ?? 0;
}

async function present<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
