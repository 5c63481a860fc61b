// Reads files that stack traces name. Paths come from texts that anybody may have written, so: regular files only, up to a
// size, never blocking on a pipe. Out: the bytes and when the file was last changed, or why there are none.

import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';

export interface FileState {
  /** Changes whenever the file may have changed. */
  signature: string;
  /** Unix milliseconds. The later of mtime and ctime: unpacking an archive sets an old mtime, but never the ctime. */
  changedAt: number;
}

export interface FileBytes extends FileState {
  bytes: Buffer;
}

export type ReadFailure = 'missing' | 'unreadable' | 'too large';

export function readRegularFile(path: string, maxBytes: number): FileBytes | ReadFailure {
  let handle: number | undefined;
  try {
    handle = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const before = fstatSync(handle);
    if (!before.isFile()) return 'unreadable';
    if (before.size > maxBytes) return 'too large';
    const bytes = Buffer.allocUnsafeSlow(before.size);
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(handle, bytes, length, bytes.length - length, null);
      if (read === 0) break;
      length += read;
    }
    const state = stateOf(fstatSync(handle));
    // Somebody is writing it: what was read may be half of one build and half of another.
    if (length < bytes.length || state.signature !== stateOf(before).signature) return 'unreadable';
    return { ...state, bytes };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unreadable';
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

/** "-" where there is no such file. */
export function signatureOf(path: string): string {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats === undefined ? '-' : stateOf(stats).signature;
  } catch {
    return '-';
  }
}

export function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch {
    return false;
  }
}

function stateOf(stats: Stats): FileState {
  return {
    signature: [stats.dev, stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join(':'),
    changedAt: Math.max(stats.mtimeMs, stats.ctimeMs),
  };
}
