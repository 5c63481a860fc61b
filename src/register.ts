// The preload door: `node --import rowtrace/register`, `--require`, NODE_OPTIONS. Guards, then everything else, so that a
// worker thread or npm pays nothing. Whatever goes wrong in here, the application runs.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { explained, RowtraceError } from './errors.ts';
import { reasonNotToStart } from './options/guards.ts';
import { settleEnvironment } from './options/launcher.ts';
import { say } from './options/say.ts';

settleEnvironment();

if (reasonNotToStart() === undefined) {
  try {
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
    const file = new URL(`./preload${extension}`, import.meta.url);
    if (!existsSync(file)) throw new RowtraceError('RT_BUNDLED', [fileURLToPath(file)]);
    createRequire(import.meta.url)(fileURLToPath(file)).preload();
  } catch (error) {
    say(`not started: ${explained(error)}`);
  }
}
