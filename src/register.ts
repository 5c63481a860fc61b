// The preload door: `node --import rowtrace/register`, `--require`, NODE_OPTIONS. Guards, then everything else, so that a
// worker thread or npm pays nothing. Whatever goes wrong in here, the application runs.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { explained, RowtraceError } from './errors.ts';
import { reasonNotToStart } from './options/guards.ts';
import { settleEnvironment } from './options/launcher.ts';
import { say } from './options/say.ts';
import { ownFile, ownRequire } from './util/own-files.ts';

settleEnvironment();

if (reasonNotToStart() === undefined) {
  try {
    const file = fileURLToPath(ownFile('preload'));
    if (!existsSync(file)) throw new RowtraceError('RT_BUNDLED', [file]);
    ownRequire(file).preload();
  } catch (error) {
    say(`not started: ${explained(error)}`);
  }
}
