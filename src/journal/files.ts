// The file calls of this room, bound when this module loads: later patches of node:fs (tracing, mocks) never see our
// writes. The seam for injected failures: a test gives a writer an object of its own (`JournalOptions.files`), or, for a
// whole process with its readers and adopters, replaces members of `nodeFiles` before anything runs, as
// test/support/crash-points.ts does to kill the process at a named point. Nothing here reads the environment.

import fs from 'node:fs';
import { dirname } from 'node:path';

export type JournalFiles = Pick<
  typeof fs,
  | 'closeSync'
  | 'fdatasync'
  | 'fdatasyncSync'
  | 'fstatSync'
  | 'ftruncateSync'
  | 'lstatSync'
  | 'mkdirSync'
  | 'openSync'
  | 'readdirSync'
  | 'readSync'
  | 'renameSync'
  | 'rmSync'
  | 'statSync'
  | 'unlinkSync'
  | 'writeFileSync'
  | 'writeSync'
>;

const { existsSync, mkdirSync } = fs;

export const nodeFiles: JournalFiles = {
  closeSync: fs.closeSync,
  fdatasync: fs.fdatasync,
  fdatasyncSync: fs.fdatasyncSync,
  fstatSync: fs.fstatSync,
  ftruncateSync: fs.ftruncateSync,
  lstatSync: fs.lstatSync,
  mkdirSync: makeFolder as typeof mkdirSync,
  openSync: fs.openSync,
  readdirSync: fs.readdirSync,
  readSync: fs.readSync,
  renameSync: fs.renameSync,
  rmSync: fs.rmSync,
  statSync: fs.statSync,
  unlinkSync: fs.unlinkSync,
  writeFileSync: fs.writeFileSync,
  writeSync: fs.writeSync,
};

/** What Node says of a read-only file system is ENOENT when it makes parents, too; the first that is missing tells the cause. */
function makeFolder(path: string, options: fs.MakeDirectoryOptions = {}): string | undefined {
  try {
    return mkdirSync(path, options);
  } catch (error) {
    if (options.recursive !== true || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    let missing = path;
    while (dirname(missing) !== missing && !existsSync(dirname(missing))) missing = dirname(missing);
    mkdirSync(missing, { ...options, recursive: false });
    return mkdirSync(path, options);
  }
}
