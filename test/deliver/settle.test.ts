// A store that has rows some time before a power cut cannot take them: until it has settled, journals keep them.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { readShipped, readStored } from '../../src/journal/shipped.ts';
import type { ErrorLogRow } from '../../src/record/row.ts';
import { logFact, temporaryFolder, testJournal, until } from '../support/journals.ts';
import { ScriptedSink } from '../support/scripted-sink.ts';
import { startShipper } from './support.ts';

/** Has what it was given, and after a power cut what it had when it settled last. */
class ForgetfulSink extends ScriptedSink {
  settled = 0;
  canSettle = true;
  #safe = new Map<string, ErrorLogRow>();

  settle = async (): Promise<void> => {
    if (!this.canSettle) throw new Error('no room');
    this.#safe = new Map(this.logs);
    this.settled++;
  };

  cutPower(): void {
    this.logs.clear();
    for (const [id, row] of this.#safe) this.logs.set(id, row);
  }
}

function writer(t: TestContext) {
  const dir = temporaryFolder(t);
  const journal = testJournal(dir, { segmentBytes: 2_000 });
  let written = 0;
  const write = (count: number) => {
    for (let n = 0; n < count; n++) journal.appendNow(logFact(`m${written++}`));
  };
  write(1);
  return { dir, journal, own: journal.dir!, write };
}

test('what a power cut takes is read again from the journal, and nothing twice', async (t) => {
  const sink = new ForgetfulSink();
  const { dir, own, write } = writer(t);
  const first = startShipper(t, dir, sink, { own, settleMillis: 3_600_000 });
  write(59);
  await until('settled once', () => sink.settled === 1);
  const safe = readShipped(own);
  write(60);
  assert.equal(await first.flush(10_000), true, 'stored is enough for who waits');
  assert.equal(sink.logs.size, 120);
  assert.deepEqual(readShipped(own), safe, 'not acknowledged');
  assert.ok(readStored(own).segment > safe.segment, 'but said');
  sink.canSettle = false;
  await first.close();
  sink.cutPower();
  assert.ok(sink.logs.size < 120, 'the cut took something');

  sink.canSettle = true;
  const second = startShipper(t, dir, sink, { own, settleMillis: 3_600_000 });
  assert.equal(await second.flush(10_000), true);
  assert.deepEqual([...sink.messages].sort(), Array.from({ length: 120 }, (_, n) => `m${n}`).sort());
});

test('a journal that is over goes when the sink has settled, not before; at the end it settles once more', async (t) => {
  const sink = new ForgetfulSink();
  sink.canSettle = false;
  const { dir, journal, own, write } = writer(t);
  const problems: string[] = [];
  const onProblem = (message: string) => problems.push(message);
  const shipper = startShipper(t, dir, sink, { own, settleMillis: 20, onProblem });
  write(10);
  journal.close();
  assert.equal(await shipper.flush(10_000), true);
  await until('the failure is said', () => problems.length > 0);
  assert.match(problems.join(), /no room/);
  assert.ok(existsSync(own));
  sink.canSettle = true;
  await until('the journal is gone', () => !existsSync(own));
  const before = sink.settled;
  const other = testJournal(dir);
  other.appendNow(logFact('last'));
  shipper.follow(other.dir!);
  assert.equal(await shipper.flush(10_000), true);
  await shipper.close();
  assert.ok(sink.settled > before);
  sink.cutPower();
  assert.ok(sink.messages.includes('last'));
});
