// The preload door: `node --import rowtrace/register`, `--require`, NODE_OPTIONS. Guards, then everything else, so that a
// worker thread or npm pays nothing. Whatever goes wrong in here, the application runs.

import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { reasonNotToStart } from './options/guards.ts';
import { settleEnvironment } from './options/launcher.ts';

settleEnvironment();

if (reasonNotToStart() === undefined) {
  try {
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
    createRequire(import.meta.url)(`./preload${extension}`).preload();
  } catch (error) {
    try {
      writeSync(2, `rowtrace: not started: ${(error as Error)?.message ?? error}\n`);
    } catch {
      // stderr is closed; there is nobody left to tell.
    }
  }
}
