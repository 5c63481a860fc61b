import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import type { Batch } from '../../src/deliver/sink.ts';
import { nodeFiles } from '../../src/journal/files.ts';
import { listJournals } from '../../src/journal/layout.ts';
import type { HistogramFact, LedgerFact } from '../../src/record/fact.ts';
import { uuidv7 } from '../../src/util/uuid.ts';
import { logFact, temporaryFolder, testJournal, until } from '../support/journals.ts';
import { ScriptedSink } from '../support/scripted-sink.ts';
import { startShipper } from './support.ts';

const DEAD_PID = spawnSync(process.execPath, ['--version']).pid;

test('the own journal is shipped while it grows, and its directory goes when it is closed', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const journal = testJournal(dir, { segmentBytes: 2000 });
  journal.appendNow(logFact('m0'));
  const own = journal.dir!;
  const shipper = startShipper(t, dir, sink, { own });
  for (let n = 1; n < 100; n++) {
    journal.appendNow(logFact(`m${n}`));
    if (n % 30 === 0) await until('shipped so far', () => sink.logs.size === n + 1);
  }
  assert.equal(await shipper.flush(5000), true);
  assert.deepEqual(
    sink.messages,
    Array.from({ length: 100 }, (_, n) => `m${n}`),
  );
  assert.equal(readdirSync(own).filter((name) => name.endsWith('.ndjson')).length, 1, 'shipped segments are gone');
  journal.close();
  await until('the directory is gone', () => !existsSync(own));
  assert.equal(shipper.stats().stored, 100);
});

test('facts of every kind become rows; of the ledgers of a process the newest counts', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const journal = testJournal(dir);
  const op = { kind: 'server' as const, name: '/dogs/:id' };
  const h = { scale: 0, zeroCount: 0, offset: 0, counts: [1], count: 1, sum: 1.5 };
  const hist: HistogramFact = { k: 'hist', t: Date.now(), seq: 1, op, h };
  const ledger: LedgerFact = { k: 'ledger', t: Date.now(), seq: 1, accepted: 1, merged: 0, dropped: {} };
  journal.append(hist);
  journal.append({ ...ledger, seq: 2, accepted: 7 });
  journal.append(ledger);
  journal.append({ k: 'call', id: uuidv7(), t: Date.now(), direction: 'outbound', weight: 10 });
  journal.flushSync();
  const shipper = startShipper(t, dir, sink, { own: journal.dir! });
  assert.equal(await shipper.flush(5000), true);
  assert.equal(sink.histograms.length, 1);
  assert.deepEqual(
    sink.ledgers.map(({ seq, accepted }) => [seq, accepted]),
    [[2, 7]],
  );
});

/** A sink that holds up its first batch, while which the next row is there to be read. */
function heldUp(sink: ScriptedSink, onFirst: () => void): { slow: ScriptedSink; release: () => void } {
  const gate = Promise.withResolvers<void>();
  let isFirst = true;
  const write = async (batch: Batch) => {
    if (isFirst) {
      isFirst = false;
      onFirst();
      await gate.promise;
    }
    return sink.write(batch);
  };
  return { slow: Object.create(sink, { write: { value: write } }), release: gate.resolve };
}

test('rows that come while a batch is under way go together', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const journal = testJournal(dir);
  let started = false;
  const { slow, release } = heldUp(sink, () => {
    journal.appendNow(logFact('second'));
    started = true;
  });
  t.after(release);
  journal.appendNow(logFact('first'));
  const shipper = startShipper(t, dir, slow, { own: journal.dir! });
  await until('the second was read', () => started && shipper.stats().pendingBytes === 0);
  // Until the shipper waits for the sink.
  for (let n = 0; n < 100; n++) await new Promise(setImmediate);
  journal.appendNow(logFact('third'));
  release();
  await until('all are stored', () => sink.logs.size === 3);
  assert.deepEqual(sink.offered, [1, 2]);
});

test('rows that a flush waits for go at once', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const journal = testJournal(dir);
  let flushed: Promise<boolean> | undefined;
  const { slow, release } = heldUp(sink, () => {
    journal.appendNow(logFact('second'));
    flushed = shipper.flush(5_000);
  });
  t.after(release);
  journal.appendNow(logFact('first'));
  const shipper = startShipper(t, dir, slow, { own: journal.dir!, pollMillis: 60_000 });
  await until('the second was read', () => flushed !== undefined && shipper.stats().pendingBytes === 0);
  release();
  assert.equal(await flushed, true);
  assert.deepEqual(sink.offered, [1, 1]);
});

test('rows that came while a long batch was under way go as soon as it is stored', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const journal = testJournal(dir);
  const pollMillis = 61;
  const rests: (number | undefined)[] = [];
  let restsBefore: number | undefined;
  let release = (): void => {};
  t.after(() => release());
  const write = (batch: Batch) => {
    if (sink.offered.length > 0) restsBefore = rests.filter((millis) => millis === pollMillis).length;
    return new Promise<void>((resolve) => (release = resolve)).then(() => sink.write(batch));
  };
  const setTimer = globalThis.setTimeout;
  t.mock.method(globalThis, 'setTimeout', (...given: Parameters<typeof setTimer>) => {
    rests.push(given[1]);
    return setTimer(...given);
  });
  journal.appendNow(logFact('first'));
  const began = performance.now();
  startShipper(t, dir, Object.create(sink, { write: { value: write } }), { own: journal.dir!, pollMillis });
  await until('the first batch has been under way for long', () => performance.now() - began > 10 * pollMillis);
  journal.appendNow(logFact('second'));
  rests.length = 0;
  release();
  await until('the second batch is under way', () => restsBefore !== undefined);
  assert.equal(restsBefore, 0);
});

test('a flush is answered when all is stored, and not before its time is over while the sink is away', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const journal = testJournal(dir);
  journal.appendNow(logFact('one'));
  sink.failing = 'outage';
  const shipper = startShipper(t, dir, sink, { own: journal.dir!, random: () => 0 });
  assert.equal(await shipper.flush(50), false);
  assert.equal(shipper.stats().state, 'outage');
  sink.failing = undefined;
  assert.equal(await shipper.flush(5000), true);
  assert.equal(shipper.stats().state, 'idle');
  assert.equal(shipper.stats().pendingBytes, 0);
});

test('flushes that are asked for at the same time all wait until all is stored', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const journal = testJournal(dir);
  journal.appendNow(logFact('one'));
  sink.failing = 'outage';
  const shipper = startShipper(t, dir, sink, { own: journal.dir!, random: () => 0 });
  assert.deepEqual(await Promise.all([1, 2, 3].map(() => shipper.flush(50))), [false, false, false]);
  const flushes = [1, 2, 3].map(() => shipper.flush(5000).then((complete) => complete && sink.logs.size));
  sink.failing = undefined;
  assert.deepEqual(await Promise.all(flushes), [1, 1, 1]);
});

test('a flush does not wait for the end of a journal that is stored and gone', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const own = testJournal(dir);
  own.appendNow(logFact('the first one'));
  const other = testJournal(dir);
  other.appendNow(logFact('the last one'));
  let flushed: Promise<boolean> | undefined;
  const write = sink.write.bind(sink);
  sink.write = async (batch) => {
    // The end of the other journal is on its way: from here on batches are full before its turn comes.
    if (batch.ledgers.some(({ ended }) => ended) && !flushed) {
      for (let n = 0; n < 500; n++) own.append(logFact(`m${n}`));
      own.flushSync();
      flushed = shipper.flush(3000);
      await new Promise((later) => setTimeout(later, 50));
    }
    return write(batch);
  };
  const shipper = startShipper(t, dir, sink, { own: own.dir!, batchRows: 10 });
  shipper.follow(other.dir!);
  other.close();
  await until('the end is on its way', () => flushed !== undefined);
  assert.equal(await flushed, true);
  assert.equal(sink.logs.size, 502);
  assert.ok(!existsSync(other.dir!));
});

test('a malformed fact and a line that is none become dead letters, their neighbours rows', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const journal = testJournal(dir);
  journal.appendNow(logFact('one'));
  appendFileSync(join(journal.dir!, '00000001.ndjson'), 'no json \u0000\n');
  journal.appendNow({ ...logFact('x'), id: 'no uuid' });
  journal.appendNow({ k: 'from-the-future' } as never);
  journal.appendNow({ k: 'amend' } as never);
  journal.appendNow(logFact('two'));
  const shipper = startShipper(t, dir, sink, { own: journal.dir! });
  assert.equal(await shipper.flush(5000), true);
  assert.deepEqual(sink.messages, ['one', 'two']);
  assert.deepEqual(
    sink.deadLetters.map(({ kind }) => kind),
    ['line', 'log', 'from-the-future', 'amend'],
  );
  assert.equal(sink.deadLetters[0]!.raw, 'no json \\u0000');
  assert.match(sink.deadLetters[2]!.reason, /from-the-future/);
});

test('mode owner ships what applications leave to it, and not what ships itself', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const left = testJournal(dir, { shippedBy: 'owner' });
  const itself = testJournal(dir, { shippedBy: 'self' });
  left.appendNow(logFact('left'));
  itself.appendNow(logFact('itself'));
  const shipper = startShipper(t, dir, sink, { mode: 'owner' });
  assert.equal(await shipper.flush(5000), true);
  assert.deepEqual(sink.messages, ['left']);
  const later = testJournal(dir, { shippedBy: 'owner' });
  later.appendNow(logFact('later'));
  await until('found by a scan', () => sink.logs.size === 2);
  assert.ok(existsSync(left.dir!));
});

test('of many dead processes one scan takes a few; the next follows when those are stored', async (t) => {
  const dir = temporaryFolder(t);
  for (let n = 0; n < 20; n++) leaveJournal(dir, `left ${n}`);
  const sink = new ScriptedSink();
  startShipper(t, dir, sink, { scanMillis: 3_600_000 });
  await until('all are stored', () => sink.messages.length === 20);
  await until('all are gone', () => listJournals(dir).length === 0);
});

test('dead journals that cannot be read do not keep others from being taken over, however many', async (t) => {
  const dir = temporaryFolder(t);
  const elsewhere = temporaryFolder(t);
  for (let n = 0; n < 12; n++) makeUnreadable(leaveJournal(dir, 'bad'));
  const named = new Set<string>();
  const sink = new ScriptedSink();
  startShipper(t, dir, sink, { onProblem: (message) => named.add(message) });
  await until('as many are taken over as are in work at a time', () => named.size > 0 && adoptedIn(dir).length >= 8);
  const good = leaveJournal(elsewhere, 'good');
  renameSync(good, join(dir, 'journal', basename(good)));
  await until('the good one is stored', () => sink.messages.includes('good'));
  await until('all others were tried', () => adoptedIn(dir).length === 12);
});

for (const journals of [1, 2, 3])
  test(`the end of a process that left ${journals} journal(s) is reported once, behind all of its rows`, async (t) => {
    const dir = temporaryFolder(t);
    const journal = testJournal(dir);
    const sink = new ScriptedSink();
    const storedAtEnd: number[] = [];
    const write = sink.write.bind(sink);
    sink.write = async (batch) => {
      const result = await write(batch);
      if (batch.ledgers.some(({ ended }) => ended)) storedAtEnd.push(sink.logs.size);
      return result;
    };
    // A fact behind the end begins a new journal; while the database is away all of them pile up.
    for (let n = 0; n < journals; n++) {
      journal.appendNow(logFact(`m${n}`));
      journal.close();
    }
    const paths = listJournals(dir).map(({ path }) => path);
    assert.equal(paths.length, journals);
    const shipper = startShipper(t, dir, sink);
    for (const path of paths) shipper.follow(path);
    await until('all are gone', () => listJournals(dir).length === 0);
    assert.deepEqual(storedAtEnd, [journals]);
  });

test('a shipper that starts anew goes on at the frontier', async (t) => {
  const dir = temporaryFolder(t);
  const journal = testJournal(dir);
  const first = new ScriptedSink();
  const second = new ScriptedSink();
  for (let n = 0; n < 10; n++) journal.appendNow(logFact(`m${n}`));
  const shipper = startShipper(t, dir, first, { own: journal.dir! });
  assert.equal(await shipper.flush(5000), true);
  await shipper.close();
  journal.appendNow(logFact('m10'));
  const next = startShipper(t, dir, second, { own: journal.dir! });
  assert.equal(await next.flush(5000), true);
  assert.deepEqual(second.messages, ['m10']);
});

test('a journal that cannot be read does not hold up the others', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const bad = testJournal(dir, { shippedBy: 'owner' });
  bad.appendNow(logFact('bad'));
  makeUnreadable(bad.dir!);
  const good = testJournal(dir, { shippedBy: 'owner' });
  good.appendNow(logFact('good'));
  const said: string[] = [];
  startShipper(t, dir, sink, { mode: 'owner', onProblem: (message) => said.push(message) });
  await until('the good one is shipped', () => sink.messages.includes('good'));
  await until('the bad one is named', () => said.length > 0);
  assert.equal(said.length, 1);
  assert.ok(existsSync(bad.dir!));
});

/** A journal whose writer is dead. @returns its path */
function leaveJournal(dir: string, message: string): string {
  const journal = testJournal(dir);
  journal.appendNow(logFact(message));
  const path = join(journal.dir!, 'owner.json');
  const { startTime: _, ...owner } = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...owner, pid: DEAD_PID }));
  return journal.dir!;
}

/** A directory where the segment should be fails every read, also for root. */
function makeUnreadable(journalDir: string): void {
  rmSync(join(journalDir, '00000001.ndjson'));
  mkdirSync(join(journalDir, '00000001.ndjson'));
}

function adoptedIn(dir: string): string[] {
  return readdirSync(join(dir, 'journal')).filter((name) => name.includes('~'));
}

test('a folder with hundreds of dead journals is not read anew for each of them', async (t) => {
  const dir = temporaryFolder(t);
  const count = 200;
  for (let n = 0; n < count; n++) {
    const journal = testJournal(dir);
    journal.appendNow(logFact(`dog ${n}`));
    const path = join(journal.dir!, 'owner.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), bootId: 'another' }));
  }
  let looks = 0;
  const { openSync } = nodeFiles;
  nodeFiles.openSync = (path, ...more) => {
    if (String(path).endsWith('owner.json')) looks++;
    return openSync(path, ...more);
  };
  t.after(() => {
    nodeFiles.openSync = openSync;
  });
  const sink = new ScriptedSink();
  startShipper(t, dir, sink);
  await until('all are shipped and gone', () => readdirSync(join(dir, 'journal')).length === 0, 60_000);
  assert.equal(sink.logs.size, count);
  assert.ok(looks < 20 * count, `${looks} looks at an owner for ${count} journals`);
});
