// Child process: writes one record, lets others see that it lives, and blocks its event loop for ever. Argument: folder.

import { openJournal } from '../../../src/journal/journal.ts';
import { presenceIn } from '../../../src/journal/presence.ts';
import { logFact, resourceFact } from '../journals.ts';

const dir = process.argv[2]!;
const journal = openJournal({ dir, resource: resourceFact(), maxBytes: 1e9, shippedBy: 'self' });
journal.appendNow(logFact('held'));
await presenceIn(dir)?.ready;
process.stdout.write('blocked\n', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
