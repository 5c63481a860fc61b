// The file calls of this room, bound when this module loads: later patches of node:fs (tracing, mocks) never see our
// writes. The seam for injected failures: a test gives a writer an object of its own (`JournalOptions.files`), or, for a
// whole process with its readers and adopters, replaces members of `nodeFiles` before anything runs, as
// test/support/crash-points.ts does to kill the process at a named point. Nothing here reads the environment.

import fs from 'node:fs';

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

export const nodeFiles: JournalFiles = {
  closeSync: fs.closeSync,
  fdatasync: fs.fdatasync,
  fdatasyncSync: fs.fdatasyncSync,
  fstatSync: fs.fstatSync,
  ftruncateSync: fs.ftruncateSync,
  lstatSync: fs.lstatSync,
  mkdirSync: fs.mkdirSync,
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
