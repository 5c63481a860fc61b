import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Breaker } from '../../src/journal/breaker.ts';
import { nodeFiles } from '../../src/journal/files.ts';
import { JournalReader } from '../../src/journal/reader.ts';
import { filesOf, logFact, messagesOf, readAll, temporaryFolder, testJournal, until } from '../support/journals.ts';

const errno = (code: string) => Object.assign(new Error(code), { code });
type Write = typeof nodeFiles.writeSync;
type Sync = typeof nodeFiles.fdatasync;

/** Writes that take as long as `millis` says when they are made. */
function slowFiles(disk: { millis: number }) {
  const writeSync = ((...args: Parameters<Write>) => {
    for (const start = performance.now(); performance.now() - start < disk.millis; );
    return nodeFiles.writeSync(...args);
  }) as Write;
  return { ...nodeFiles, writeSync };
}

test('the last tenth of the bound is for errors; what is dropped is counted exactly', (t) => {
  const journal = testJournal(temporaryFolder(t), { maxBytes: 100_000 });
  const warning = () => logFact('w'.repeat(300), { level: 'WARNING' });
  for (let n = 0; n < 1000; n++) journal.appendNow(warning());
  const full = journal.stats();
  assert.ok(full.bytes > 85_000 && full.bytes <= 90_000, `${full.bytes}`);
  assert.equal(full.written + full.dropped.journal_full!, 1000);
  journal.appendNow(logFact('still'));
  journal.append({ k: 'ledger', t: 1, seq: 1, accepted: 1, merged: 0, dropped: {} });
  journal.append({ k: 'call', id: 'x', t: 1, direction: 'inbound', weight: 1 });
  journal.flushSync();
  assert.equal(journal.stats().written, full.written + 2);
  assert.equal(journal.stats().dropped.journal_full, full.dropped.journal_full! + 1);
  for (let n = 0; n < 1000; n++) journal.appendNow(logFact('e'.repeat(300)));
  const { bytes, written, dropped } = journal.stats();
  assert.ok(bytes > 98_000 && bytes <= 100_000, `${bytes}`);
  assert.equal(written + dropped.journal_full!, 2003);
  const reader = new JournalReader(journal.dir!);
  assert.equal(readAll(reader).length, written);
  assert.equal(reader.counts.lostFrames, 0, 'a record that was dropped leaves no gap');
});

test('while the disk is slow appendNow waits in memory, said once, counted; it writes at once again by itself', async (t) => {
  const disk = { millis: 0 };
  const said: string[] = [];
  const options = { files: slowFiles(disk), slowMillis: 30, onProblem: (message: string) => said.push(message) };
  const journal = testJournal(temporaryFolder(t), options);
  disk.millis = 31;
  let slow = 0;
  while (journal.stats().slow.opened === 0) journal.appendNow(logFact(`slow ${slow++}`));
  assert.ok(slow <= 3);
  const written = journal.stats().written;
  for (let n = 0; n < 50; n++) journal.appendNow(logFact(`waits ${n}`));
  assert.deepEqual(journal.stats().slow, { opened: 1, deferred: 50 });
  assert.deepEqual([journal.stats().written, journal.stats().buffered], [written, 50]);
  assert.equal(said.length, 1);
  assert.match(said[0]!, /disk is slow/);
  disk.millis = 0;
  await until('the timer wrote it', () => journal.stats().buffered === 0);
  const messages = messagesOf(readAll(new JournalReader(journal.dir!)));
  assert.deepEqual([messages.length, messages[slow], messages.at(-1)], [slow + 50, 'waits 0', 'waits 49']);
});

test('the breaker opens at three slow writes in a row or a stuck one, and again at the first slow one behind a pause', () => {
  const breaker = new Breaker();
  const wrote = (took: number, now: number) => breaker.wrote(took, now);
  assert.deepEqual([wrote(60, 0), wrote(60, 1), wrote(1, 2), wrote(60, 3), wrote(60, 4)], Array(5).fill(false));
  assert.equal(wrote(60, 5), true);
  assert.deepEqual([breaker.isOpen(5 + 1199), breaker.isOpen(5 + 1200)], [true, false]);
  assert.equal(wrote(60, 2000), true, 'nothing has changed');
  assert.equal(wrote(1, 4000), false);
  assert.equal(wrote(60, 4001), false);
  assert.equal(wrote(5000, 4002), true);
  assert.deepEqual([breaker.isOpen(4002 + 59_999), breaker.isOpen(4002 + 60_000)], [true, false]);
});

test('what does not fit into memory while the disk is slow is dropped and counted; the end writes whatever the disk does', (t) => {
  const disk = { millis: 31 };
  const journal = testJournal(temporaryFolder(t), { files: slowFiles(disk), slowMillis: 30, memoryBytes: 3000 });
  for (let n = 0; n < 100; n++) journal.appendNow(logFact(`m${n} ${'x'.repeat(100)}`));
  const { written, buffered, dropped } = journal.stats();
  assert.ok(buffered > 0 && dropped.disk_slow! > 0);
  assert.equal(written + buffered + dropped.disk_slow!, 100);
  journal.close();
  assert.equal(journal.stats().written, written + buffered);
});

test('a limit of the size of files ends segments early and loses nothing but what no file could hold', (t) => {
  const limit = 3000;
  const sizes = new Map<number, number>();
  const writeSync = ((fd: number, data: string | Buffer, from?: number | null, length?: number) => {
    const offset = from ?? 0;
    const bytes = typeof data === 'string' ? Buffer.from(data) : data.subarray(offset, offset + (length ?? 0));
    const room = limit - (sizes.get(fd) ?? 0);
    if (room <= 0) throw errno('EFBIG');
    const done = nodeFiles.writeSync(fd, bytes, 0, Math.min(room, bytes.length));
    sizes.set(fd, (sizes.get(fd) ?? 0) + done);
    return done;
  }) as Write;
  const ftruncateSync = (fd: number, size = 0) => {
    nodeFiles.ftruncateSync(fd, size);
    sizes.set(fd, size);
  };
  const closeSync = (fd: number) => {
    sizes.delete(fd);
    nodeFiles.closeSync(fd);
  };
  const said: string[] = [];
  const files = { ...nodeFiles, writeSync, ftruncateSync, closeSync };
  const journal = testJournal(temporaryFolder(t), { files, onProblem: (message) => said.push(message) });
  const messages = Array.from({ length: 60 }, (_, n) => `m${n} ${'x'.repeat((n * 37) % 900)}`);
  for (const message of messages.slice(0, 30)) journal.appendNow(logFact(message));
  journal.appendNow(logFact('x'.repeat(5000)));
  for (const message of messages.slice(30)) journal.append(logFact(message));
  journal.flushSync();
  const reader = new JournalReader(journal.dir!);
  assert.deepEqual(messagesOf(readAll(reader)), messages);
  assert.deepEqual(journal.stats().dropped, { oversize: 1 });
  assert.equal(reader.counts.lostFrames, 0);
  assert.deepEqual(said, []);
});

test('errors are synced at once, storms together, other records only where that is asked for', async (t) => {
  const synced: number[] = [];
  const fdatasync = ((fd: number, done: Parameters<Sync>[1]) => {
    synced.push(performance.now());
    nodeFiles.fdatasync(fd, done);
  }) as Sync;
  const journal = testJournal(temporaryFolder(t), { files: { ...nodeFiles, fdatasync }, sync: 'errors' });
  journal.append(logFact('warned', { level: 'WARNING' }));
  journal.flushSync();
  assert.equal(synced.length, 0);
  for (let n = 0; n < 200; n++) journal.appendNow(logFact(`m${n}`));
  await until('the second is done', () => journal.stats().sync.syncs === 2);
  assert.equal(synced.length, 2);
  assert.ok(synced[1]! - synced[0]! >= 49, 'grouped');
  const all = testJournal(temporaryFolder(t), { sync: 'all', flushMillis: 5 });
  all.append(logFact('warned', { level: 'WARNING' }));
  await until('it is synced', () => all.stats().sync.syncs === 1);
});

test('after a failed fdatasync that file gets nothing more; all that may be lost is written again, and read once', async (t) => {
  let failing = 0;
  const touched: number[] = [];
  const fdatasync = ((fd: number, done: (error: NodeJS.ErrnoException | null) => void) => {
    touched.push(fd);
    if (failing-- > 0) setImmediate(() => done(errno('EIO')));
    else nodeFiles.fdatasync(fd, done);
  }) as Sync;
  const writes: number[] = [];
  const writeSync = ((...args: Parameters<Write>) => {
    writes.push(args[0]);
    return nodeFiles.writeSync(...args);
  }) as Write;
  const said: string[] = [];
  const files = { ...nodeFiles, fdatasync, writeSync, closeSync: () => {} };
  const options = {
    files,
    sync: 'errors' as const,
    flushMillis: 5,
    onProblem: (message: string) => said.push(message),
  };
  const journal = testJournal(temporaryFolder(t), options);
  journal.appendNow(logFact('safe'));
  await until('synced', () => journal.stats().sync.syncs === 1);
  failing = 1;
  const first = writes[0]!;
  for (let n = 0; n < 5; n++) journal.appendNow(logFact(`m${n}`));
  await until('failed', () => journal.stats().sync.failures === 1);
  const before = writes.length;
  await until('written again without a new record', () => writes.length > before);
  journal.appendNow(logFact('after'));
  assert.ok(writes.slice(before).every((fd) => fd !== first) && touched.lastIndexOf(first) < touched.length);
  assert.equal(said.length, 1);
  const dir = journal.dir!;
  assert.deepEqual(readdirSync(dir).filter((name) => name.endsWith('.ndjson')).length, 2);
  const expected = ['safe', 'm0', 'm1', 'm2', 'm3', 'm4', 'after'];
  const reader = new JournalReader(dir);
  assert.deepEqual(messagesOf(readAll(reader)), expected);
  assert.equal(reader.counts.repeated, 5);
  // What the disk lost of the first file is in the second one: zeros, as after a power cut.
  const path = join(dir, filesOf(dir).find((name) => name.endsWith('.ndjson'))!);
  const size = statSync(path).size;
  const fd = nodeFiles.openSync(path, 'r+');
  nodeFiles.writeSync(fd, Buffer.alloc(300), 0, 300, size - 300);
  const afterCut = new JournalReader(dir);
  assert.deepEqual(
    messagesOf(readAll(afterCut)).filter((message) => message !== '-'),
    expected,
  );
  assert.equal(afterCut.counts.lostFrames, 0);
});
