// A light application to be killed often: the real journal and the real delivery in one small process. Records without end
// (or `count` times), ships its own journal and what dead ones left, and ends when all is stored.
// Arguments: name, folder, database URL, file for promises, number of records (0: ship only; -1: without end), every how many
// is no error.

import { openSync, writeSync } from 'node:fs';
import { recordRules } from '../../../../src/deliver/rules.ts';
import { Shipper } from '../../../../src/deliver/shipper.ts';
import { openJournal } from '../../../../src/journal/journal.ts';
import { listJournals } from '../../../../src/journal/layout.ts';
import { postgresSink, recordOf, resourceOf } from '../light.ts';
import { FLUSH_MILLIS } from '../producer.ts';
import { pause } from '../proxy.ts';

const [name, dir, url, promises, count, lesser] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
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
/** A journal that found the disk slow keeps records in memory for a while, and promises them when they are written. */
const isWaiting = () => {
  const { slow, buffered } = journal.stats();
  return slow.opened > 0 && buffered > 0;
};
const kept = (seq: number) => {
  if (!isWaiting()) note(`a${seq}\n`);
};
const most = count === '-1' ? Number.POSITIVE_INFINITY : Number(count);
for (let seq = 0; seq < most; seq++) {
  note(`b${seq}\n`);
  if (seq % Number(lesser) === Number(lesser) - 1) {
    const before = Date.now();
    journal.append(recordOf(name, seq, { level: 'WARNING' }));
    note(`w${seq} ${isWaiting() ? 0 : before} ${Date.now()}\n`);
    // The journal's own timer is as long and older, so it had its turn, whatever the clock says.
    setTimeout(() => kept(seq), FLUSH_MILLIS);
  } else {
    journal.appendNow(recordOf(name, seq));
    kept(seq);
  }
  if (seq === 0) process.stdout.write('recording\n');
  // Bursts and pauses, and time for delivery; lesser records alone are not to be taken along by one another.
  if (lesser === '1') await pause(30);
  else if (seq % 10 === 9) await pause(seq % 3);
}
journal.close();
process.stdout.write('shipping\n');
while (listJournals(dir).length > 0) await pause(10);
await shipper.close();
