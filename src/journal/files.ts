// The file calls of the writer, bound when this module loads: later patches of node:fs (tracing, mocks) never see our
// writes, and tests inject failures here.

import fs from 'node:fs';

export type JournalFiles = Pick<
  typeof fs,
  | 'closeSync'
  | 'fstatSync'
  | 'ftruncateSync'
  | 'lstatSync'
  | 'mkdirSync'
  | 'openSync'
  | 'readdirSync'
  | 'renameSync'
  | 'statSync'
  | 'writeFileSync'
  | 'writeSync'
>;

export const nodeFiles: JournalFiles = {
  closeSync: fs.closeSync,
  fstatSync: fs.fstatSync,
  ftruncateSync: fs.ftruncateSync,
  lstatSync: fs.lstatSync,
  mkdirSync: fs.mkdirSync,
  openSync: fs.openSync,
  readdirSync: fs.readdirSync,
  renameSync: fs.renameSync,
  statSync: fs.statSync,
  writeFileSync: fs.writeFileSync,
  writeSync: fs.writeSync,
};
