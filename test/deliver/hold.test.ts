import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JournalReader } from '../../src/journal/reader.ts';
import type { AmendFact, LogFact } from '../../src/record/fact.ts';
import { logFact, messagesOf, readAll, temporaryFolder, testJournal, until } from '../support/journals.ts';
import { ScriptedSink } from '../support/scripted-sink.ts';
import { startShipper } from './support.ts';

const LONG = 60_000;
const held = (message: string) => logFact(message, { hold: true });
const amend = (row: LogFact, more: Partial<AmendFact>): AmendFact => ({
  k: 'amend',
  rows: [{ id: row.id, t: row.t }],
  ...more,
});
test('a held row waits for its final amendment and is stored with it', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const journal = testJournal(dir);
  const row = held('held');
  journal.appendNow(row);
  journal.appendNow(logFact('behind'));
  startShipper(t, dir, sink, { own: journal.dir!, holdMillis: LONG });
  await until('the one behind is stored', () => sink.logs.size === 1);
  assert.deepEqual(sink.messages, ['behind']);
  journal.appendNow(amend(row, { module: 'first' }));
  journal.appendNow(amend(row, { status: 500, latency: 12, final: true }));
  await until('the held one is stored', () => sink.logs.size === 2);
  const stored = sink.logs.get(row.id)!;
  assert.deepEqual([stored.http_status, stored.latency_ms, stored.module], [500, 12, 'first']);
  assert.equal(sink.amendments.length, 0);
});

test('an amendment that comes too late becomes an UPDATE of that row alone', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const journal = testJournal(dir);
  const early = held('early');
  const late = held('late');
  journal.appendNow(early);
  const shipper = startShipper(t, dir, sink, { own: journal.dir!, holdMillis: 1 });
  await until('released by time', () => sink.logs.size === 1);
  await shipper.close();
  journal.appendNow(late);
  journal.appendNow({
    ...amend(early, { status: 503, final: true }),
    rows: [early, late].map(({ id, t }) => ({ id, t })),
  });
  const next = startShipper(t, dir, sink, { own: journal.dir!, holdMillis: LONG });
  assert.equal(await next.flush(5000), true);
  assert.equal(sink.logs.get(late.id)!.http_status, 503);
  assert.deepEqual(
    sink.amendments.map(({ event_id, http_status }) => [event_id, http_status]),
    [[early.id, 503]],
  );
});

const absorbing = (message: string, ...rows: LogFact[]) =>
  logFact(message, { absorbs: rows.map(({ id, t }) => ({ id, t })) });

test('a held row goes with the one it is part of; a stored one is removed', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const journal = testJournal(dir);
  const poor = held('poor');
  const stored = logFact('stored');
  for (const fact of [poor, stored, absorbing('rich', poor, stored)]) journal.appendNow(fact);
  const shipper = startShipper(t, dir, sink, { own: journal.dir!, holdMillis: LONG });
  assert.equal(await shipper.flush(5000), true);
  assert.deepEqual(sink.messages, ['rich']);
  assert.deepEqual([shipper.stats().merged, shipper.stats().held], [1, 0]);
});

test('what a held row had absorbed goes with it into a third one', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const journal = testJournal(dir);
  const first = held('first');
  const second: LogFact = { ...absorbing('second', first), hold: true };
  for (const fact of [first, second, absorbing('third', second)]) journal.appendNow(fact);
  const shipper = startShipper(t, dir, sink, { own: journal.dir!, holdMillis: LONG });
  assert.equal(await shipper.flush(5000), true);
  assert.deepEqual(sink.messages, ['third']);
  assert.deepEqual(
    sink.absorbed.map(({ event_id, held: wasHeld }) => [event_id, wasHeld]),
    [
      [second.id, true],
      [first.id, true],
    ],
  );
});

test('a held row that was absorbed is not acknowledged before the one that it is part of', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const journal = testJournal(dir);
  journal.appendNow(logFact('before'));
  const poor = held('poor');
  journal.appendNow(poor);
  journal.appendNow({ ...absorbing('rich', poor), hold: true });
  journal.appendNow(logFact('behind'));
  const shipper = startShipper(t, dir, sink, { own: journal.dir!, holdMillis: LONG });
  await until('what is not held is stored', () => sink.logs.size === 2);
  await shipper.close();
  assert.deepEqual(messagesOf(readAll(new JournalReader(journal.dir!))), ['poor', 'rich', 'behind']);
});

test('a flush waits for held rows, or releases them when it is told to', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const journal = testJournal(dir);
  journal.appendNow(held('held'));
  const shipper = startShipper(t, dir, sink, { own: journal.dir!, holdMillis: LONG });
  assert.equal(await shipper.flush(60), false);
  assert.equal(await shipper.flush(5000, { releaseHeld: true }), true);
  assert.deepEqual(sink.messages, ['held']);
});

test('at the end of a closed journal nothing is held', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const journal = testJournal(dir);
  journal.appendNow(held('held'));
  const own = journal.dir!;
  journal.close();
  startShipper(t, dir, sink, { own, holdMillis: LONG });
  await until('released', () => sink.logs.size === 1);
});

test('while a row is held the frontier stays in front of it, so that a crash loses nothing', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const journal = testJournal(dir, { segmentBytes: 1000 });
  journal.appendNow(logFact('before'));
  const row = held('held');
  journal.appendNow(row);
  for (let n = 0; n < 30; n++) journal.appendNow(logFact(`m${n}`));
  const shipper = startShipper(t, dir, sink, { own: journal.dir!, holdMillis: LONG });
  await until('the others are stored', () => sink.logs.size === 31);
  await shipper.close();
  const left = messagesOf(readAll(new JournalReader(journal.dir!)));
  assert.deepEqual(left.slice(0, 2), ['held', 'm0']);
  journal.appendNow(amend(row, { status: 500, final: true }));
  const next = startShipper(t, dir, sink, { own: journal.dir!, holdMillis: LONG });
  assert.equal(await next.flush(5000), true);
  assert.equal(sink.logs.size, 32);
  assert.equal(sink.logs.get(row.id)!.http_status, 500);
  assert.equal(next.stats().duplicates, 30);
});

test('beyond the bound the oldest held rows are released', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const journal = testJournal(dir);
  for (let n = 0; n < 50; n++) journal.append(held(`m${n}`));
  journal.flushSync();
  const shipper = startShipper(t, dir, sink, { own: journal.dir!, holdMillis: LONG, holdRows: 10 });
  await until('forty are stored', () => sink.logs.size === 40);
  assert.equal(sink.messages.at(-1), 'm39');
  assert.equal(shipper.stats().held, 10);
});

test('two amendments of one stored row never share a batch', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const sizes: number[] = [];
  const write = sink.write.bind(sink);
  sink.write = (batch) => {
    sizes.push(batch.amendments.length);
    return write(batch);
  };
  const journal = testJournal(dir);
  const row = logFact('row');
  journal.append(row);
  for (const status of [500, 501, 502]) journal.append(amend(row, { status }));
  journal.flushSync();
  const shipper = startShipper(t, dir, sink, { own: journal.dir! });
  assert.equal(await shipper.flush(5000), true);
  assert.deepEqual(sizes, [1, 1, 1]);
  assert.deepEqual(
    sink.amendments.map(({ http_status }) => http_status),
    [500, 501, 502],
  );
});
