// Who may open <dir>/pgdata: the holder of the highest <dir>/owner.lock.<n>. A lock is created whole (link of a finished
// file) and taken over by creating the next number, never by changing or removing the highest, so two that find a dead
// holder at the same moment cannot both win. PGlite itself has no lock, and two openers destroy the database. Containers that
// share the folder know each other by a socket in <dir>/owner.alive (journal/presence.ts): process ids mean nothing there.

import { randomBytes } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Identity, isDead, presenceToAsk, selfIdentity } from '../../journal/identity.ts';
import { isAbsent, presenceIn, sweepPresences } from '../../journal/presence.ts';

interface LockFile extends Identity {
  /** Of this taking: in two containers the same process id is usual. */
  key: string;
  /** The holder is done; written instead of removing the file. */
  released?: true;
}

export interface Lock {
  /** False when somebody removed or overtook it: then the database must be left alone. */
  isHeld(): boolean;
  release(): void;
}

const NAME = /^owner\.lock\.(\d+)$/;
/** Not the folder of the journals: whoever sweeps there knows nothing of locks. */
const ALIVE = 'owner.alive';

/** @returns nothing when a living process holds it, or was faster */
export async function acquireLock(dir: string): Promise<Lock | undefined> {
  const last = highest(dir);
  if (last > 0 && !(await isFree(dir, last))) return undefined;
  // Others have to see that we live before we hold anything.
  const presence = presenceIn(dir, ALIVE);
  await presence?.ready;
  const mine: LockFile = { ...selfIdentity(), presence: presence?.token, key: randomBytes(8).toString('hex') };
  const number = last + 1;
  if (!createWhole(dir, number, mine)) return undefined;
  // While we looked, others may have come and gone and cleaned up behind them: then a higher one is there.
  if (highest(dir) !== number) {
    rmSync(lockPath(dir, number), { force: true });
    return undefined;
  }
  for (const old of numbers(dir)) if (old < number) rmSync(lockPath(dir, old), { force: true });
  await sweepPresences(dir, (token) => token === mine.presence, ALIVE);
  const isMine = () => readLock(dir, number)?.key === mine.key;
  return {
    isHeld: () => highest(dir) === number && isMine(),
    release: () => {
      const path = lockPath(dir, number);
      if (!isMine()) return;
      writeFileSync(`${path}.released`, JSON.stringify({ ...mine, released: true }), { mode: 0o600 });
      renameSync(`${path}.released`, path);
    },
  };
}

/** The living process that holds the lock, or one of which nothing is proven (another machine). */
export async function lockHolder(dir: string): Promise<(Identity & { path: string }) | undefined> {
  const last = highest(dir);
  if (last === 0 || (await isFree(dir, last))) return undefined;
  return { ...(readLock(dir, last) ?? { pid: 0, hostname: 'unknown' }), path: lockPath(dir, last) };
}

async function isFree(dir: string, number: number): Promise<boolean> {
  const lock = readLock(dir, number);
  if (lock === undefined) return false;
  if (lock.released === true || isDead(lock)) return true;
  const token = presenceToAsk(lock);
  return token !== undefined && isAbsent(dir, token, ALIVE);
}

function createWhole(dir: string, number: number, mine: LockFile): boolean {
  const path = lockPath(dir, number);
  // Not by process id: another container's could put its name where we are about to link ours.
  const draft = join(dir, `.owner.lock-${mine.key}`);
  const text = JSON.stringify(mine);
  writeFileSync(draft, text, { mode: 0o600 });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // A file system without hard links (FAT, some network shares): exclusive, but empty for a moment.
    return createExclusively(path, text);
  } finally {
    rmSync(draft, { force: true });
  }
}

function createExclusively(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function numbers(dir: string): number[] {
  return namesOf(dir)
    .map((name) => Number(NAME.exec(name)?.[1] ?? 0))
    .filter((number) => number > 0);
}

/** No folder, no lock; one that cannot be read may hold one. */
function namesOf(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code!)) return [];
    throw error;
  }
}

function highest(dir: string): number {
  return Math.max(0, ...numbers(dir));
}

/** Undefined when it cannot be read: being written just now, or damaged. Nothing is proven then. */
function readLock(dir: string, number: number): LockFile | undefined {
  try {
    const lock = JSON.parse(readFileSync(lockPath(dir, number), 'utf8')) as LockFile;
    return typeof lock.pid === 'number' && typeof lock.hostname === 'string' ? lock : undefined;
  } catch {
    return undefined;
  }
}

function lockPath(dir: string, number: number): string {
  return join(dir, `owner.lock.${number}`);
}
