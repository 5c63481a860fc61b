// Child process: takes the lock of the embedded database at a given time, says whether it has it, and blocks its event loop
// for ever. Arguments: folder, Unix milliseconds.

import { acquireLock } from '../../../src/cli/owner/lock.ts';
import { selfIdentity } from '../../../src/journal/identity.ts';

const [dir, at] = process.argv.slice(2) as [string, string];
while (Date.now() < Number(at));
const isMine = (await acquireLock(dir)) !== undefined;
const said = JSON.stringify({ ...selfIdentity(), isMine });
process.stdout.write(`${said}\n`, () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
