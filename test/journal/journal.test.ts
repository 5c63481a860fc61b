import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../src/journal/files.ts';
import { encodeFrame } from '../../src/journal/frame.ts';
import { JournalReader } from '../../src/journal/reader.ts';
import type { LedgerFact } from '../../src/record/fact.ts';
import {
  filesOf,
  linesOf,
  logFact,
  messagesOf,
  readAll,
  resourceFact,
  temporaryFolder,
  testJournal,
  until,
} from '../support/journals.ts';

const errno = (code: string) => Object.assign(new Error(code), { code });

test('a process that writes nothing leaves nothing', (t) => {
  const dir = join(temporaryFolder(t), 'data');
  const journal = testJournal(dir);
  journal.flushSync();
  journal.close();
  assert.equal(existsSync(dir), false);
});

test('a fact given to appendNow is in the file when the call returns, behind those appended before', (t) => {
  const dir = temporaryFolder(t);
  const resource = resourceFact('process-1');
  const journal = testJournal(dir, { resource });
  journal.append(logFact('first'));
  assert.equal(existsSync(join(dir, 'journal')), false);
  journal.appendNow(logFact('second'));
  const path = join(dir, 'journal', 'process-1');
  assert.equal(journal.dir, path);
  assert.deepEqual(filesOf(path), ['00000001.ndjson', 'ledger.json', 'owner.json']);
  const lines = linesOf(join(path, '00000001.ndjson')).map((line) => JSON.parse(line));
  const { c, n, o, ...header } = lines[0];
  assert.match(c, /^[0-9a-f]{8}$/);
  assert.deepEqual([n, o, header], [1, 0, resource]);
  assert.deepEqual([lines[1].n, lines[2].n], [1, 2]);
  assert.deepEqual([lines[1].message, lines[2].message], ['first', 'second']);
  assert.equal(readFileSync(join(dir, '.gitignore'), 'utf8'), '*\n');
  assert.equal(JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8')).shippedBy, 'self');
  if (process.platform !== 'win32') {
    assert.equal(statSync(path).mode & 0o777, 0o700);
    assert.equal(statSync(join(path, '00000001.ndjson')).mode & 0o777, 0o600);
  }
});

test('append is written by its timer, or at once when the buffer is full', async (t) => {
  const journal = testJournal(temporaryFolder(t), { flushMillis: 20 });
  journal.append(logFact('later'));
  assert.equal(journal.stats().buffered, 1);
  await until('the timer wrote it', () => journal.stats().written === 1);
  const slow = testJournal(temporaryFolder(t), { flushMillis: 60_000, bufferBytes: 2000 });
  slow.append(logFact('x'.repeat(500)));
  assert.equal(slow.stats().written, 0);
  slow.append(logFact('x'.repeat(2000)));
  assert.equal(slow.stats().written, 2);
});

test('when the event loop is blocked, the next record writes what is overdue', (t) => {
  const journal = testJournal(temporaryFolder(t), { flushMillis: 10 });
  journal.append(logFact('first'));
  for (const start = performance.now(); performance.now() - start < 15; );
  journal.append(logFact('second'));
  assert.equal(journal.stats().written, 2);
});

test('segments are finished at their size, each begins with the resource', (t) => {
  const journal = testJournal(temporaryFolder(t), { segmentBytes: 5000 });
  const messages = Array.from({ length: 50 }, (_, n) => `${n} ${'é'.repeat(200)}`);
  for (const message of messages) journal.appendNow(logFact(message));
  const segments = filesOf(journal.dir!).filter((name) => name.endsWith('.ndjson'));
  assert.ok(segments.length > 4);
  for (const name of segments) assert.equal(JSON.parse(linesOf(join(journal.dir!, name))[0]!).k, 'resource');
  assert.deepEqual(messagesOf(readAll(new JournalReader(journal.dir!))), messages);
});

test('a fact that is no JSON or too long is dropped and counted', (t) => {
  const journal = testJournal(temporaryFolder(t));
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  journal.appendNow(logFact('cyclic', { tags: cyclic }));
  journal.appendNow(logFact('bigint', { tags: { n: 1n } }));
  journal.appendNow(logFact('x'.repeat(2 * 1024 * 1024)));
  journal.appendNow(logFact('good'));
  assert.deepEqual(journal.stats().dropped, { unserialisable: 2, oversize: 1 });
  assert.equal(journal.stats().written, 1);
});

test('a short write is cut back to the last whole line; the rest follows when there is room again', (t) => {
  // Every size of the room, so that the tear falls on every byte of the three lines.
  const facts = [logFact('one'), logFact('tẅo'), logFact('three')];
  const whole = facts.reduce((sum, fact) => sum + Buffer.byteLength(encodeFrame(JSON.stringify(fact), 1, 1)), 0);
  for (let room = 0; room <= whole; room += 7) {
    let left = Number.POSITIVE_INFINITY;
    const writeSync = ((fd: number, data: string | Buffer, from?: number | null, length?: number) => {
      const offset = from ?? 0;
      const bytes = typeof data === 'string' ? Buffer.from(data) : data.subarray(offset, offset + (length ?? 0));
      if (left === 0) throw errno('ENOSPC');
      const done = nodeFiles.writeSync(fd, bytes, 0, Math.min(left, bytes.length));
      left -= done;
      return done;
    }) as typeof nodeFiles.writeSync;
    const said: string[] = [];
    const files = { ...nodeFiles, writeSync };
    const journal = testJournal(temporaryFolder(t), { files, onProblem: (message) => said.push(message) });
    journal.appendNow(logFact('zero'));
    left = room;
    for (const fact of facts.slice(0, 2)) journal.append(fact);
    journal.appendNow(facts[2]!);
    const path = join(journal.dir!, '00000001.ndjson');
    assert.ok(readFileSync(path, 'utf8').endsWith('}\n'), `room ${room}`);
    const { written, buffered } = journal.stats();
    assert.equal(linesOf(path).length, 1 + written);
    assert.equal(written + buffered, 4);
    if (room < whole) assert.match(said.join(), /ENOSPC/);
    left = Number.POSITIVE_INFINITY;
    journal.flushSync();
    const all = readAll(new JournalReader(journal.dir!));
    assert.deepEqual(messagesOf(all), ['zero', 'one', 'tẅo', 'three'], `room ${room}`);
    assert.equal(said.length, room < whole ? 1 : 0);
  }
});

test('while the disk is full the buffer is kept, the rest is dropped and counted, exactly', (t) => {
  let full = false;
  let attempts = 0;
  const writeSync = ((...args: Parameters<typeof nodeFiles.writeSync>) => {
    attempts++;
    if (full) throw errno('ENOSPC');
    return nodeFiles.writeSync(...args);
  }) as typeof nodeFiles.writeSync;
  const journal = testJournal(temporaryFolder(t), { files: { ...nodeFiles, writeSync }, memoryBytes: 10_000 });
  journal.appendNow(logFact('before'));
  full = true;
  attempts = 0;
  for (let n = 0; n < 1000; n++) journal.appendNow(logFact(`during ${n}`));
  // A failing write per record would be paid by the application.
  assert.ok(attempts < 10, `${attempts} attempts`);
  const { written, buffered, dropped } = journal.stats();
  assert.equal(written, 1);
  assert.ok(buffered > 10);
  assert.equal(written + buffered + dropped.disk_full!, 1001);
  full = false;
  journal.flushSync();
  assert.equal(journal.stats().written, 1 + buffered);
  assert.equal(readAll(new JournalReader(journal.dir!)).length, 1 + buffered);
});

test('the last report of a process is known, also when its disk stays full or its bound is reached', (t) => {
  const report = (accepted: number): LedgerFact => ({
    k: 'ledger',
    t: Date.now(),
    seq: accepted,
    accepted,
    merged: 0,
    dropped: { disk_full: accepted },
  });
  const reportsOf = (journalDir: string) => {
    const reader = new JournalReader(journalDir);
    readAll(reader);
    return reader.end().flatMap(({ fact }) => (fact?.k === 'ledger' ? fact.accepted : []));
  };
  let full = false;
  const writeSync = ((fd: number, data: Buffer, position?: number) => {
    // Only what is there already can be written over.
    if (full && position !== 0) throw errno('ENOSPC');
    return nodeFiles.writeSync(fd, data, position as number);
  }) as typeof nodeFiles.writeSync;
  const files = { ...nodeFiles, writeSync };
  const onFull = testJournal(temporaryFolder(t), { files, memoryBytes: 2000 });
  onFull.appendNow(logFact('before'));
  onFull.append(report(1));
  onFull.flushSync();
  assert.deepEqual(reportsOf(onFull.dir!), [], 'what a segment has is nowhere else');
  full = true;
  for (let n = 0; n < 20; n++) onFull.appendNow(logFact(`during ${n}`));
  onFull.append(report(21));
  onFull.flushSync();
  assert.deepEqual(reportsOf(onFull.dir!), [21], 'one for which memory has no room');
  const atTheEnd = testJournal(temporaryFolder(t), { files });
  full = false;
  atTheEnd.appendNow(logFact('before'));
  atTheEnd.append(report(2));
  full = true;
  const closed = atTheEnd.dir!;
  atTheEnd.close();
  assert.deepEqual(reportsOf(closed), [2], 'one that waited in memory');
  full = false;
  const bounded = testJournal(temporaryFolder(t), { maxBytes: 2000 });
  for (let n = 0; n < 20; n++) bounded.appendNow(logFact(`more ${n}`));
  bounded.append(report(20));
  assert.deepEqual(reportsOf(bounded.dir!), [20]);
});

test('a report that finds no place is tried again with the next one, and not with each record that is dropped', (t) => {
  let full = false;
  let tried = 0;
  const writeSync = ((...args: Parameters<typeof nodeFiles.writeSync>) => {
    if (full) throw errno('ENOSPC');
    return nodeFiles.writeSync(...args);
  }) as typeof nodeFiles.writeSync;
  const openSync = ((...args: Parameters<typeof nodeFiles.openSync>) => {
    if (args[0].toString().endsWith('ledger.json')) tried++;
    return nodeFiles.openSync(...args);
  }) as typeof nodeFiles.openSync;
  const journal = testJournal(temporaryFolder(t), { files: { ...nodeFiles, writeSync, openSync }, memoryBytes: 2000 });
  journal.appendNow(logFact('before'));
  full = true;
  for (let n = 0; n < 20; n++) journal.appendNow(logFact(`during ${n}`));
  journal.append({ k: 'ledger', t: Date.now(), seq: 1, accepted: 21, merged: 0, dropped: {} });
  const [before, start] = [tried, performance.now()];
  for (let n = 0; n < 1000; n++) journal.append(logFact(`after ${n}`));
  // With each attempt of the segments, five a second.
  assert.ok(tried - before <= 1 + (performance.now() - start) / 200, `${tried - before} times`);
});

test('an error of one file costs a new file, not records', (t) => {
  let broken = -1;
  const writeSync = ((...args: Parameters<typeof nodeFiles.writeSync>) => {
    if (args[0] === broken) throw errno('EIO');
    return nodeFiles.writeSync(...args);
  }) as typeof nodeFiles.writeSync;
  const openSync = ((...args: Parameters<typeof nodeFiles.openSync>) => {
    const fd = nodeFiles.openSync(...args);
    if (String(args[0]).endsWith('00000002.ndjson')) broken = -1;
    else broken = fd;
    return fd;
  }) as typeof nodeFiles.openSync;
  const journal = testJournal(temporaryFolder(t), { files: { ...nodeFiles, writeSync, openSync } });
  journal.appendNow(logFact('first'));
  journal.flushSync();
  journal.appendNow(logFact('second'));
  assert.deepEqual(messagesOf(readAll(new JournalReader(journal.dir!))), ['first', 'second']);
});

test('the bound on disk holds, and what delivery removed makes room again', async (t) => {
  const journal = testJournal(temporaryFolder(t), { maxBytes: 20_000, bufferBytes: 1000 });
  for (let n = 0; n < 200; n++) journal.appendNow(logFact(`${n} ${'x'.repeat(200)}`));
  const sizes = () =>
    filesOf(journal.dir!)
      .filter((name) => name.endsWith('.ndjson'))
      .reduce((sum, name) => sum + statSync(join(journal.dir!, name)).size, 0);
  assert.ok(sizes() <= 20_000);
  const { written, buffered, dropped } = journal.stats();
  assert.equal(written + buffered + dropped.journal_full!, 200);
  const reader = new JournalReader(journal.dir!);
  readAll(reader);
  reader.ack(reader.position);
  await until('there is room', () => {
    journal.flushSync();
    return journal.stats().buffered === 0;
  });
  journal.appendNow(logFact('again'));
  assert.ok(sizes() <= 20_000);
  assert.equal(messagesOf(readAll(reader)).at(-1), 'again');
});

test('no file handle left: nothing is thrown, and it goes on when there is one', (t) => {
  let exhausted = true;
  const openSync = ((...args: Parameters<typeof nodeFiles.openSync>) => {
    if (exhausted) throw errno('EMFILE');
    return nodeFiles.openSync(...args);
  }) as typeof nodeFiles.openSync;
  const said: string[] = [];
  const files = { ...nodeFiles, openSync };
  const journal = testJournal(temporaryFolder(t), { files, onProblem: (message) => said.push(message) });
  for (let n = 0; n < 5; n++) journal.appendNow(logFact(`${n}`));
  assert.equal(said.length, 1);
  exhausted = false;
  journal.flushSync();
  assert.equal(readAll(new JournalReader(journal.dir!)).length, 5);
});

test('a folder removed under it is made again, and what went with it is counted', async (t) => {
  const dir = temporaryFolder(t);
  const said: string[] = [];
  const journal = testJournal(dir, { onProblem: (message) => said.push(message) });
  journal.appendNow(logFact('gone'));
  rmSync(join(dir, 'journal'), { recursive: true });
  await until('it was noticed', () => {
    journal.appendNow(logFact('kept'));
    return said.length > 0;
  });
  assert.match(said[0]!, /was removed/);
  journal.appendNow(logFact('last'));
  const messages = messagesOf(readAll(new JournalReader(journal.dir!)));
  assert.equal(messages.at(-1), 'last');
  const { written, dropped } = journal.stats();
  assert.equal(written, messages.length);
  assert.ok(dropped.removed! >= 1);
});

test('a folder removed between two segments is made again by another name: readers of the old one know its places', (t) => {
  const dir = temporaryFolder(t);
  const journal = testJournal(dir, { segmentBytes: 600 });
  journal.appendNow(logFact('gone'));
  const removed = journal.dir!;
  const newest = () =>
    statSync(
      join(
        removed,
        readdirSync(removed)
          .filter((name) => name.endsWith('.ndjson'))
          .sort()
          .at(-1)!,
      ),
    );
  // It is left when it is full, and the next one begins with the next record.
  let gone = 1;
  for (; newest().size < 600; gone++) journal.appendNow(logFact('gone'));
  rmSync(removed, { recursive: true });
  journal.appendNow(logFact('kept'));
  const { written, dropped } = journal.stats();
  assert.deepEqual({ written, dropped }, { written: 1, dropped: { removed: gone } }, 'what went with it is counted');
  assert.notEqual(journal.dir, removed);
  assert.deepEqual(messagesOf(readAll(new JournalReader(journal.dir!))), ['kept']);
});

test('a folder removed just before the end is noticed: what went with it is counted, what waits goes to a new one', (t) => {
  const dir = temporaryFolder(t);
  const journal = testJournal(dir);
  for (let n = 0; n < 3; n++) journal.appendNow(logFact('gone'));
  rmSync(join(dir, 'journal'), { recursive: true });
  journal.append(logFact('kept'));
  journal.close();
  const { written, dropped, buffered } = journal.stats();
  assert.deepEqual({ written, dropped, buffered }, { written: 1, dropped: { removed: 3 }, buffered: 0 });
  const [name] = readdirSync(join(dir, 'journal'));
  assert.deepEqual(messagesOf(readAll(new JournalReader(join(dir, 'journal', name!)))), ['kept']);
});

test('where the folder cannot be made, the temporary folder takes its place, said once', (t) => {
  const file = join(temporaryFolder(t), 'a-file');
  writeFileSync(file, '');
  const said: string[] = [];
  const opened: string[] = [];
  const journal = testJournal(join(file, 'below'), {
    onProblem: (message) => said.push(message),
    onOpened: (path) => opened.push(path),
  });
  t.after(() => rmSync(journal.dir!, { recursive: true, force: true }));
  journal.appendNow(logFact('one'));
  journal.appendNow(logFact('two'));
  assert.ok(journal.dir!.startsWith(join(tmpdir(), 'rowtrace')));
  assert.deepEqual(opened, [journal.dir]);
  assert.equal(said.length, 1);
  assert.deepEqual(messagesOf(readAll(new JournalReader(journal.dir!))), ['one', 'two']);
});

test('a full disk that takes folders and no byte is left without any', (t) => {
  const writeFileSync = (path: string) => {
    throw errno(path.includes('.new-') ? 'ENOSPC' : 'EEXIST');
  };
  const dir = temporaryFolder(t);
  const files = { ...nodeFiles, writeFileSync: writeFileSync as typeof nodeFiles.writeFileSync };
  const journal = testJournal(dir, { files, fallback: false });
  journal.appendNow(logFact('one'));
  assert.deepEqual(readdirSync(join(dir, 'journal')), []);
});

const sharedMemory = { skip: existsSync('/dev/shm') ? false : 'there is no /dev/shm here' };

test('where all files are read-only, a little of shared memory takes their place', sharedMemory, (t) => {
  const mkdirSync = ((path: string, ...more: never[]) => {
    if (!path.startsWith('/dev/shm/')) throw errno('EROFS');
    return nodeFiles.mkdirSync(path, ...more);
  }) as typeof nodeFiles.mkdirSync;
  const said: string[] = [];
  const files = { ...nodeFiles, mkdirSync };
  const journal = testJournal(temporaryFolder(t), { files, onProblem: (message) => said.push(message) });
  journal.appendNow(logFact('one'));
  t.after(() => rmSync(journal.dir!, { recursive: true, force: true }));
  assert.match(
    said.join(),
    /^journal: \S+ cannot be written, using \/dev\/shm\/rowtrace-\d+\/journal\/\S+ instead: EROFS$/,
  );
  assert.deepEqual(messagesOf(readAll(new JournalReader(journal.dir!))), ['one']);
  const large = 'x'.repeat(200_000);
  for (let n = 0; n < 100; n++) journal.appendNow(logFact(large));
  const { written, dropped } = journal.stats();
  assert.ok(written > 70 && written < 90, `${written} of 200 KB are written`);
  assert.deepEqual(dropped, { journal_full: 101 - written });
});

test('after close a later fact goes to a new journal at once', (t) => {
  const dir = temporaryFolder(t);
  const journal = testJournal(dir, { resource: resourceFact('p') });
  journal.append(logFact('before'));
  const first = join(dir, 'journal', 'p');
  journal.close();
  assert.ok(existsSync(join(first, 'closed')));
  journal.append(logFact('after'));
  assert.notEqual(journal.dir, first);
  assert.deepEqual(messagesOf(readAll(new JournalReader(journal.dir!))), ['after']);
  assert.equal(readdirSync(join(dir, 'journal')).length, 2);
});

test('a process id from outside never becomes a path', (t) => {
  const dir = temporaryFolder(t);
  const journal = testJournal(dir, { resource: resourceFact('../../etc/x') });
  journal.appendNow(logFact('one'));
  assert.match(readdirSync(join(dir, 'journal'))[0]!, /^[0-9a-f-]{36}$/);
});
