// Child process: writes errors into a journal without end and says each id once appendNow has returned.
// Arguments: folder, [count: then it exits without closing the journal].

import { writeSync } from 'node:fs';
import { openJournal } from '../../../src/journal/journal.ts';
import { uuidv7 } from '../../../src/util/uuid.ts';

const [dir, count = 'Infinity'] = process.argv.slice(2) as [string, string?];
const process_ = uuidv7();
const journal = openJournal({
  dir,
  resource: {
    k: 'resource',
    v: 1,
    process: process_,
    service: 'shop',
    environment: 'test',
    host: 'h',
    pid: process.pid,
  },
  maxBytes: 1e9,
  shippedBy: 'self',
  segmentBytes: 20_000,
  // On a busy machine any write may take long, and what appendNow returned for is counted on.
  slowMillis: Number.POSITIVE_INFINITY,
});
for (let n = 0; n < Number(count); n++) {
  const id = uuidv7();
  journal.appendNow({ k: 'log', id, t: Date.now(), level: 'ERROR', message: `m${n}` });
  writeSync(1, `${id}\n`);
}
