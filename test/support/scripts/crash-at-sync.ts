// Preloaded into a receiver: kills it with SIGKILL right before, or right after, its nth fdatasync, so that what it synced is
// not answered. In: ROWTRACE_TEST_SYNC_CRASH=after:4.

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const [when, count] = process.env.ROWTRACE_TEST_SYNC_CRASH!.split(':');
let left = Number(count);
const { fdatasync } = fs;
const die = () => process.kill(process.pid, 'SIGKILL');

if (isMainThread) {
  fs.fdatasync = Object.assign((fd: number, done: fs.NoParamCallback) => {
    const isLast = --left === 0;
    if (isLast && when === 'before') die();
    fdatasync(fd, (error) => {
      if (isLast) die();
      done(error);
    });
  }, fdatasync);
  syncBuiltinESMExports();
}
