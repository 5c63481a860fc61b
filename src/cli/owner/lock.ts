// Who may open <dir>/pgdata: the holder of the highest <dir>/owner.lock.<n>. A lock is created whole (link of a finished
// file) and taken over by creating the next number, never by changing or removing the highest, so two that find a dead
// holder at the same moment cannot both win. PGlite itself has no lock, and two openers destroy the database.

import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Identity, isDead, selfIdentity } from '../../journal/identity.ts';

interface LockFile extends Identity {
  /** The holder is done; written instead of removing the file. */
  released?: true;
}

export interface Lock {
  /** False when somebody removed or overtook it: then the database must be left alone. */
  isHeld(): boolean;
  release(): void;
}

const NAME = /^owner\.lock\.(\d+)$/;

/** @returns nothing when a living process holds it, or was faster */
export function acquireLock(dir: string, mine: Identity = selfIdentity()): Lock | undefined {
  const last = highest(dir);
  if (last > 0 && !isFree(dir, last)) return undefined;
  const number = last + 1;
  if (!createWhole(dir, number, mine)) return undefined;
  // While we looked, others may have come and gone and cleaned up behind them: then a higher one is there.
  if (highest(dir) !== number) {
    rmSync(lockPath(dir, number), { force: true });
    return undefined;
  }
  for (const old of numbers(dir)) if (old < number) rmSync(lockPath(dir, old), { force: true });
  return {
    isHeld: () => highest(dir) === number && readLock(dir, number)?.pid === mine.pid,
    release: () => {
      const path = lockPath(dir, number);
      if (readLock(dir, number)?.pid !== mine.pid) return;
      writeFileSync(`${path}.released`, JSON.stringify({ ...mine, released: true }), { mode: 0o600 });
      renameSync(`${path}.released`, path);
    },
  };
}

/** The living process that holds the lock, or one of which nothing is proven (another host). */
export function lockHolder(dir: string): (Identity & { path: string }) | undefined {
  const last = highest(dir);
  if (last === 0 || isFree(dir, last)) return undefined;
  return { ...(readLock(dir, last) ?? { pid: 0, hostname: 'unknown' }), path: lockPath(dir, last) };
}

function isFree(dir: string, number: number): boolean {
  const lock = readLock(dir, number);
  return lock !== undefined && (lock.released === true || isDead(lock));
}

function createWhole(dir: string, number: number, mine: Identity): boolean {
  const path = lockPath(dir, number);
  const draft = join(dir, `.owner.lock-${mine.pid}`);
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
  return readdirSync(dir)
    .map((name) => Number(NAME.exec(name)?.[1] ?? 0))
    .filter((number) => number > 0);
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
