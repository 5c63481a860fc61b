// Child process: waits for a line on stdin, then adopts every journal it can get in a folder, prints their names and stays
// alive until stdin ends, since adopters of a dead adopter would be adopted in turn.

import { basename } from 'node:path';
import { adopt } from '../../../src/journal/adopt.ts';
import { listJournals } from '../../../src/journal/layout.ts';

const dir = process.argv[2]!;
console.log('ready');
process.stdin.once('data', async () => {
  const taken = await Promise.all(listJournals(dir).map(({ path }) => adopt(path)));
  console.log(JSON.stringify(taken.filter((path) => path !== undefined).map((path) => basename(path))));
});
process.stdin.on('end', () => process.exit(0));
