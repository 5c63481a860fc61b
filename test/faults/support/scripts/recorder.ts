// A light application to be killed often: the real journal and the real delivery in one small process. Records without end
// (or `count` times), ships its own journal and what dead ones left, and ends when all is stored.
// Arguments: name, folder, database URL, file for promises, number of records (0: ship only; -1: without end).

import { openSync, writeSync } from 'node:fs';
import { recordRules } from '../../../../src/deliver/rules.ts';
import { Shipper } from '../../../../src/deliver/shipper.ts';
import { openJournal } from '../../../../src/journal/journal.ts';
import { listJournals } from '../../../../src/journal/layout.ts';
import { postgresSink, recordOf, resourceOf } from '../light.ts';
import { pause } from '../proxy.ts';

const [name, dir, url, promises, count] = process.argv.slice(2) as [string, string, string, string, string];
const fd = openSync(promises, 'a');
const note = (text: string) => writeSync(fd, text);
const shipper = new Shipper({
  dir,
  sink: postgresSink(url),
  rules: recordRules({}),
  mode: 'self',
  pollMillis: 5,
  scanMillis: 50,
  random: () => 0,
  batchRows: 50,
});
const journal = openJournal({
  dir,
  resource: resourceOf(name),
  maxBytes: 1e9,
  shippedBy: 'self',
  segmentBytes: 20_000,
  sync: 'errors',
  onOpened: (path) => shipper.follow(path),
});
shipper.start();
const most = count === '-1' ? Number.POSITIVE_INFINITY : Number(count);
for (let seq = 0; seq < most; seq++) {
  note(`b${seq}\n`);
  if (seq % 4 === 3) {
    journal.append(recordOf(name, seq, { level: 'WARNING' }));
    note(`w${seq} ${Date.now()}\n`);
  } else {
    journal.appendNow(recordOf(name, seq));
    note(`a${seq}\n`);
  }
  if (seq === 0) process.stdout.write('recording\n');
  // Bursts and pauses, and time for delivery.
  if (seq % 10 === 9) await pause(seq % 3);
}
journal.close();
process.stdout.write('shipping\n');
while (listJournals(dir).length > 0) await pause(10);
await shipper.close();
