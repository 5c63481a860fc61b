import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffMillis, nextMove } from '../../src/deliver/retry.ts';
import { logFact, temporaryFolder, testJournal, until } from '../support/journals.ts';
import { ScriptedSink } from '../support/scripted-sink.ts';
import { startShipper } from './support.ts';

test('the retry table', () => {
  const table = (['outage', 'slow', 'poison', 'config'] as const).map((kind) => [
    nextMove(kind, 500),
    nextMove(kind, 1),
  ]);
  assert.deepEqual(table, [
    ['wait', 'wait'],
    ['halve', 'wait'],
    ['split', 'bury'],
    ['pause', 'pause'],
  ]);
});

test('the back-off grows from 0.2 to 30 s, with full jitter', () => {
  assert.equal(
    backoffMillis(0, () => 0),
    200,
  );
  assert.equal(
    backoffMillis(0, () => 1),
    400,
  );
  assert.equal(
    backoffMillis(3, () => 1),
    3200,
  );
  for (const attempt of [8, 100, 1e6])
    assert.equal(
      backoffMillis(attempt, () => 1),
      30_000,
    );
  assert.equal(
    backoffMillis(100, () => 0),
    200,
  );
});

const full = (n: number, more = '') => Array.from({ length: n }, (_, i) => logFact(`m${i}${more}`));

test('one refused row in 500 becomes a dead letter in at most 19 writes, the other 499 are stored', async (t) => {
  for (const bad of [0, 1, 137, 250, 499]) {
    const dir = temporaryFolder(t);
    const sink = new ScriptedSink();
    sink.poison = /poison/;
    const journal = testJournal(dir);
    for (const [n, fact] of full(500).entries()) journal.append(n === bad ? logFact('poison') : fact);
    journal.flushSync();
    const shipper = startShipper(t, dir, sink, { own: journal.dir! });
    assert.equal(await shipper.flush(10_000), true);
    assert.equal(sink.logs.size, 499);
    assert.deepEqual(
      sink.deadLetters.map(({ reason, raw }) => [reason, JSON.parse(raw).message]),
      [['refused', 'poison']],
    );
    assert.ok(sink.offered.length <= 19, `${sink.offered.length} writes for row ${bad}`);
    assert.equal(shipper.stats().deadLettered, 1);
  }
});

test('many refused rows are each found, and order is kept', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  sink.poison = /poison/;
  const journal = testJournal(dir);
  for (let n = 0; n < 100; n++) journal.append(logFact(n % 7 === 0 ? `poison ${n}` : `m${n}`));
  journal.flushSync();
  const shipper = startShipper(t, dir, sink, { own: journal.dir! });
  assert.equal(await shipper.flush(10_000), true);
  assert.deepEqual([sink.logs.size, sink.deadLetters.length], [85, 15]);
  const numbers = sink.messages.map((message) => Number(message.slice(1)));
  assert.deepEqual(
    numbers,
    [...numbers].sort((a, b) => a - b),
  );
});

test('a record that is refused as row and as dead letter is counted and named, and blocks nothing', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  sink.poison = /poison/;
  sink.refuseDeadLetters = true;
  const said: string[] = [];
  const journal = testJournal(dir);
  for (const message of ['one', 'poison', 'two']) journal.append(logFact(message));
  journal.flushSync();
  const shipper = startShipper(t, dir, sink, { own: journal.dir!, onProblem: (message) => said.push(message) });
  assert.equal(await shipper.flush(5000), true);
  assert.deepEqual(sink.messages, ['one', 'two']);
  assert.equal(shipper.stats().refused, 1);
  assert.match(said.join(), /also as a dead letter/);
});

test('an outage keeps everything, also one in the middle of the search for a refused row', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  sink.poison = /poison/;
  sink.script = ['outage', 'ok', 'ok', 'outage', 'ok', 'after', 'ok', 'outage', 'ok', 'ok', 'outage', 'outage'];
  const journal = testJournal(dir);
  for (let n = 0; n < 40; n++) journal.append(logFact(n === 20 ? 'poison' : `m${n}`));
  journal.flushSync();
  const shipper = startShipper(t, dir, sink, { own: journal.dir!, random: () => 0 });
  assert.equal(await shipper.flush(10_000), true);
  assert.deepEqual([sink.logs.size, sink.deadLetters.length], [39, 1]);
});

test('a slow sink gets half as much each time, down to one row, and more again when it recovers', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  sink.script = ['slow', 'slow', 'slow', 'slow', 'slow'];
  const journal = testJournal(dir);
  for (const fact of full(16)) journal.append(fact);
  journal.flushSync();
  const shipper = startShipper(t, dir, sink, { own: journal.dir!, random: () => 0 });
  assert.equal(await shipper.flush(10_000), true);
  assert.deepEqual(sink.offered, [16, 8, 4, 2, 1, 1, 1, 2, 4, 8]);
  assert.equal(sink.logs.size, 16);
});

test('a configuration error pauses, is said once, opens the sink again, and loses nothing', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  sink.failing = 'config';
  const said: string[] = [];
  const journal = testJournal(dir);
  journal.appendNow(logFact('one'));
  const shipper = startShipper(t, dir, sink, {
    own: journal.dir!,
    configMillis: 10,
    onProblem: (message) => said.push(message),
  });
  await until('opened again and again', () => sink.opened > 4);
  assert.equal(shipper.stats().state, 'config');
  assert.equal(shipper.stats().lastError, 'scripted config');
  assert.deepEqual(said, ['scripted config']);
  assert.deepEqual(sink.deadLetters, []);
  sink.failing = undefined;
  assert.equal(await shipper.flush(5000), true);
  assert.deepEqual(sink.messages, ['one']);
});

for (const [title, pauseMillis, lines] of [
  ['an outage long after another one is said again', 61_000, 3],
  ['a sink that comes and goes is said once', 20_000, 1],
] as const)
  test(title, async (t) => {
    const dir = temporaryFolder(t);
    const sink = new ScriptedSink();
    const journal = testJournal(dir);
    journal.appendNow(logFact('before'));
    const said: string[] = [];
    const onProblem = (message: string) => said.push(message);
    const shipper = startShipper(t, dir, sink, { own: journal.dir!, onProblem, random: () => 0 });
    const now = performance.now.bind(performance);
    let aheadMillis = 0;
    t.mock.method(performance, 'now', () => now() + aheadMillis);
    for (let n = 0; n < 3; n++) {
      sink.script = ['outage', 'outage'];
      journal.appendNow(logFact(`m${n}`));
      assert.equal(await shipper.flush(10_000), true);
      aheadMillis += pauseMillis;
    }
    assert.deepEqual(said, Array(lines).fill('scripted outage'));
  });

test('an outage that lasts is said once', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  sink.failing = 'outage';
  const journal = testJournal(dir);
  journal.appendNow(logFact('one'));
  const said: string[] = [];
  const now = performance.now.bind(performance);
  // Each attempt fails a minute after the one before.
  t.mock.method(performance, 'now', () => now() + sink.offered.length * 61_000);
  const onProblem = (message: string) => said.push(message);
  startShipper(t, dir, sink, { own: journal.dir!, onProblem, random: () => 0 });
  await until('several attempts', () => sink.offered.length > 3, 600_000);
  assert.deepEqual(said, ['scripted outage']);
});

test('during an outage nothing is read beyond a batch, however much is in the journal', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  sink.failing = 'outage';
  const journal = testJournal(dir);
  // 64 MB of records: if they were read, the heap would show it.
  for (let n = 0; n < 8000; n++) journal.append(logFact(`${n} ${'x'.repeat(8000)}`));
  journal.flushSync();
  const shipper = startShipper(t, dir, sink, { own: journal.dir!, random: () => 0 });
  await until('several attempts', () => sink.offered.length > 3);
  assert.ok(shipper.stats().pendingBytes > 60_000_000, 'what is not read is still pending');
  assert.ok(Math.max(...sink.offered) <= 500);
});
