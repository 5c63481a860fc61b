import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LossEntry } from '../../src/journal/entry.ts';
import { nodeFiles } from '../../src/journal/files.ts';
import { encodeFrame } from '../../src/journal/frame.ts';
import { CLOSED_FILE, segmentName } from '../../src/journal/layout.ts';
import { ReaderCounts } from '../../src/journal/line-entries.ts';
import { LineReader } from '../../src/journal/line-reader.ts';
import { JournalReader } from '../../src/journal/reader.ts';
import { occurrencesIn } from '../../src/journal/sequence.ts';
import { readShipped, writeShipped } from '../../src/journal/shipped.ts';
import type { Fact } from '../../src/record/fact.ts';
import {
  filesOf,
  logFact,
  messagesOf,
  readAll,
  resourceFact,
  temporaryFolder,
  testJournal,
} from '../support/journals.ts';

/** A journal directory with the given text as its only segment. */
function journalOf(folder: string, text: string): string {
  const dir = join(folder, 'journal', 'p');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, '00000001.ndjson'), text);
  return dir;
}

/** Frames as a writer makes them; strings stand for themselves. */
function framed(...parts: (Fact | string)[]): string {
  let n = 1;
  let o = 0;
  return parts
    .map((part) => {
      if (typeof part === 'string') return part;
      if (part.k === 'resource') return encodeFrame(JSON.stringify(part), n, o);
      const line = encodeFrame(JSON.stringify(part), n++, o);
      o += occurrencesIn(part);
      return line;
    })
    .join('');
}

test('an unfinished last line is returned when it is complete, whatever byte it ended at', (t) => {
  const first = framed(resourceFact(), logFact('first'));
  const last = Buffer.from(encodeFrame(JSON.stringify(logFact('läst')), 2, 1));
  const folder = temporaryFolder(t);
  for (let cut = 0; cut < last.length; cut++) {
    const dir = journalOf(join(folder, String(cut)), first);
    const path = join(dir, '00000001.ndjson');
    appendFileSync(path, last.subarray(0, cut));
    const reader = new JournalReader(dir);
    assert.deepEqual(messagesOf(readAll(reader)), ['first']);
    assert.deepEqual(readAll(reader), []);
    appendFileSync(path, last.subarray(cut));
    assert.deepEqual(messagesOf(readAll(reader)), ['läst']);
    assert.deepEqual(reader.end(), []);
    assert.deepEqual(reader.counts, new ReaderCounts());
  }
});

test('a segment without its last newline has lost nothing; without more, one frame, which the next segment tells', (t) => {
  const all = framed(resourceFact(), logFact('first'), logFact('last'), '|', resourceFact(), logFact('next'));
  const [one, two] = all.split('|') as [string, string];
  for (const cut of [1, 2, 30]) {
    const dir = journalOf(temporaryFolder(t), one.slice(0, -cut));
    writeFileSync(join(dir, '00000002.ndjson'), two);
    const reader = new JournalReader(dir);
    const messages = messagesOf(readAll(reader));
    if (cut === 1) assert.deepEqual(messages, ['first', 'last', 'next']);
    else assert.deepEqual(messages, ['first', '-', 'next']);
    const lost = cut === 1 ? 0 : 1;
    const { torn, lostFrames, lostOccurrences } = reader.counts;
    assert.deepEqual({ torn, lostFrames, lostOccurrences }, { torn: lost, lostFrames: lost, lostOccurrences: lost });
  }
});

test('lines that are no frames are returned as garbage, in their place, and are no loss where nothing is missing', (t) => {
  const text = framed(
    resourceFact('p'),
    '\u0000\u0000\n',
    logFact('one'),
    '{"k":\n42\n{"k":"log","message":"without checksum"}\n',
    logFact('two'),
  );
  const reader = new JournalReader(journalOf(temporaryFolder(t), text));
  const entries = readAll(reader);
  assert.deepEqual(messagesOf(entries), ['-', 'one', '-', '-', '-', 'two']);
  assert.deepEqual(
    entries.filter((entry) => entry.fact === undefined).map((entry) => [entry.raw, entry.process]),
    [
      ['\u0000\u0000', 'p'],
      ['{"k":', 'p'],
      ['42', 'p'],
      ['{"k":"log","message":"without checksum"}', 'p'],
    ],
  );
  assert.deepEqual([reader.counts.garbage, reader.counts.lostFrames], [4, 0]);
});

test('a line longer than the bound is skipped in bounded memory', (t) => {
  const text = framed(resourceFact(), logFact('one'), `"${'x'.repeat(9 * 1024 * 1024)}"\n`, logFact('two'));
  const reader = new JournalReader(journalOf(temporaryFolder(t), text));
  const entries = readAll(reader);
  assert.deepEqual(messagesOf(entries), ['one', '-', 'two']);
});

test('lines around the size of a chunk are read whole', (t) => {
  const messages = [1, 255, 256, 257, 700, 3000].map((kilobytes) => 'x'.repeat(kilobytes * 1024));
  const text = framed(resourceFact(), ...messages.map((message) => logFact(message)));
  assert.deepEqual(messagesOf(readAll(new JournalReader(journalOf(temporaryFolder(t), text)))), messages);
});

test('a reader goes on where the last one acknowledged, and knows who wrote it', (t) => {
  const resource = resourceFact('p');
  const journal = testJournal(temporaryFolder(t), { resource, segmentBytes: 1000 });
  const messages = Array.from({ length: 40 }, (_, n) => `m${n}`);
  for (const message of messages) journal.appendNow(logFact(message));
  const all = readAll(new JournalReader(journal.dir!));
  for (let n = 0; n < all.length; n++) {
    const reader = new JournalReader(journal.dir!);
    const entries = readAll(reader);
    assert.deepEqual(messagesOf(entries), messages.slice(n));
    assert.deepEqual((entries[0] as { resource?: unknown }).resource, resource);
    assert.equal(reader.counts.lostFrames, 0);
    reader.ack(all[n]!.end);
    const oldest = filesOf(journal.dir!).find((name) => name.endsWith('.ndjson'))!;
    assert.equal(Number.parseInt(oldest, 10), all[n]!.end.segment, 'segments wholly behind are gone');
    reader.close();
  }
  assert.deepEqual(readAll(new JournalReader(journal.dir!)), []);
});

for (const [name, state] of [
  ['lost', undefined],
  ['empty', ''],
  ['zeroed', '\0'.repeat(30)],
  ['without checksum', '{"segment":1,"offset":0}\n'],
  ['damaged', encodeFrame('{"segment":1,"offset":700}', 2, 1).replace('700', '701')],
  ['of a longer file', encodeFrame('{"segment":1,"offset":999999}', 9, 9)],
  ['of another file, in the middle of a line', encodeFrame('{"segment":1,"offset":50}', 9, 9)],
  ['nonsense', encodeFrame('{"segment":-1,"offset":"x"}', 2, 1)],
] as const) {
  test(`a state file that is ${name} costs a replay, never a record, and no loss is claimed`, (t) => {
    const dir = journalOf(temporaryFolder(t), framed(resourceFact(), logFact('one'), logFact('two')));
    if (state !== undefined) writeFileSync(join(dir, 'shipped.json'), state);
    const reader = new JournalReader(dir);
    assert.deepEqual(messagesOf(readAll(reader)), ['one', 'two']);
    assert.deepEqual(reader.counts, new ReaderCounts());
  });
}

test('an old state file, of segments that are shipped and gone, costs a replay and claims no loss', (t) => {
  const journal = testJournal(temporaryFolder(t), { segmentBytes: 1000 });
  for (let n = 0; n < 40; n++) journal.appendNow(logFact(`m${n}`));
  const dir = journal.dir!;
  const reader = new JournalReader(dir);
  const all = readAll(reader);
  reader.ack(all[3]!.end);
  const old = readFileSync(join(dir, 'shipped.json'));
  reader.ack(all[29]!.end);
  writeFileSync(join(dir, 'shipped.json'), old);
  const again = new JournalReader(dir);
  assert.equal(messagesOf(readAll(again)).at(-1), 'm39');
  assert.deepEqual(again.counts, new ReaderCounts());
});

test('a state is written over the one before, a shorter one too', (t) => {
  const journal = testJournal(temporaryFolder(t));
  for (let n = 0; n < 3; n++) journal.appendNow(logFact(`m${n}`));
  const dir = journal.dir!;
  const [, second] = readAll(new JournalReader(dir));
  writeShipped(dir, { segment: 1, offset: Number.MAX_SAFE_INTEGER, n: 999_999_999_999_999, o: 999_999_999_999_999 });
  const sizeBytes = statSync(join(dir, 'shipped.json')).size;
  writeShipped(dir, second!.end);
  assert.deepEqual(readShipped(dir), second!.end);
  assert.equal(statSync(join(dir, 'shipped.json')).size, sizeBytes);
  assert.equal(readFileSync(join(dir, 'shipped.json'), 'utf8').trimEnd().split('\n').length, 1);
  assert.deepEqual(messagesOf(readAll(new JournalReader(dir))), ['m2']);
});

test('a missing segment does not stop the reader, and what was in it is known exactly', (t) => {
  const journal = testJournal(temporaryFolder(t), { segmentBytes: 1000 });
  for (let n = 0; n < 20; n++) {
    journal.appendNow(logFact(`m${n}`));
    journal.appendNow({ k: 'amend', rows: [{ id: 'x', t: 1 }] });
  }
  const dir = journal.dir!;
  const all = readAll(new JournalReader(dir));
  const inThird = all.filter(({ end }) => end.segment === 3);
  rmSync(join(dir, '00000003.ndjson'));
  const reader = new JournalReader(dir);
  const entries = readAll(reader);
  assert.equal(entries.filter(({ fact }) => fact).length, all.length - inThird.length);
  const loss = entries.find((entry): entry is LossEntry => !entry.fact && entry.raw === undefined)!;
  const occurrences = inThird.filter(({ fact }) => fact?.k === 'log').length;
  assert.ok(occurrences > 0 && occurrences < inThird.length);
  assert.deepEqual(loss.loss, { from: all.indexOf(inThird[0]!) + 1, frames: inThird.length, occurrences });
  // Acknowledged up to there, it is not counted again.
  reader.ack(loss.end);
  const next = new JournalReader(dir);
  readAll(next);
  assert.equal(next.counts.lostFrames, 0);
});

test('a frame that is there twice is returned once', (t) => {
  const [one, two] = [logFact('one'), logFact('two')];
  const text = framed(resourceFact(), one, two);
  const dir = journalOf(temporaryFolder(t), text);
  // As after a failed fsync: everything again, in the next segment.
  writeFileSync(join(dir, '00000002.ndjson'), framed(resourceFact(), one, two, logFact('three')));
  const reader = new JournalReader(dir);
  assert.deepEqual(messagesOf(readAll(reader)), ['one', 'two', 'three']);
  assert.deepEqual(reader.counts, Object.assign(new ReaderCounts(), { repeated: 2 }));
});

for (const [what, header] of [
  ['as it is framed here', encodeFrame(JSON.stringify({ ...resourceFact(), v: 99 }), 1, 0)],
  ['framed in another way', `${JSON.stringify({ ...resourceFact(), v: 99 })}\n`],
] as const) {
  test(`a segment of an unknown version, ${what}, is put aside whole; the next ones go on`, (t) => {
    const folder = temporaryFolder(t);
    const dir = journalOf(folder, `${header}{"x":1,"k":"log"}\n{"x":2}\n`);
    writeFileSync(join(dir, '00000002.ndjson'), framed(resourceFact(), logFact('next')));
    const reader = new JournalReader(dir);
    assert.throws(() => reader.read(), /newer version/, 'whoever writes it may live');
    reader.abandoned = true;
    const entries = readAll(reader);
    assert.deepEqual(messagesOf(entries), ['-', 'next']);
    const { quarantinedFrames, quarantinedOccurrences, lostFrames } = reader.counts;
    assert.deepEqual(
      { quarantinedFrames, quarantinedOccurrences, lostFrames },
      {
        quarantinedFrames: 2,
        quarantinedOccurrences: 1,
        lostFrames: 0,
      },
    );
    const aside = (entries[0] as LossEntry).path!;
    assert.equal(aside, join(folder, 'quarantine', 'p-00000001.ndjson'));
    assert.ok(readFileSync(aside, 'utf8').startsWith(header));
    reader.ack(entries[0]!.end);
    assert.deepEqual(messagesOf(readAll(new JournalReader(dir))), ['next']);
  });
}

test('a segment of an unknown version is put aside once its journal is closed, though it was read before that', (t) => {
  const dir = journalOf(temporaryFolder(t), '');
  const reader = new JournalReader(dir);
  assert.deepEqual(reader.read(), []);
  writeFileSync(join(dir, segmentName(1)), `${JSON.stringify({ ...resourceFact(), v: 99 })}\n{"x":1,"k":"log"}\n`);
  writeFileSync(join(dir, CLOSED_FILE), '');
  const [loss] = readAll(reader) as LossEntry[];
  assert.equal(loss!.reason, 'quarantined');
});

test('a live journal is followed across segments, and removed when it is closed', (t) => {
  const journal = testJournal(temporaryFolder(t), { segmentBytes: 600 });
  journal.appendNow(logFact('m0'));
  const dir = journal.dir!;
  const reader = new JournalReader(dir);
  const seen: string[] = [];
  for (let n = 1; n < 30; n++) {
    journal.appendNow(logFact(`m${n}`));
    if (n % 3 === 0) seen.push(...messagesOf(readAll(reader)));
  }
  assert.equal(reader.closed, false);
  journal.close();
  seen.push(...messagesOf(readAll(reader)));
  assert.equal(reader.closed, true);
  assert.deepEqual(
    seen,
    Array.from({ length: 30 }, (_, n) => `m${n}`),
  );
  reader.remove();
  assert.equal(existsSync(dir), false);
});

test('a segment whose reads fail costs no file descriptor an attempt', (t) => {
  const path = join(temporaryFolder(t), 'segment');
  writeFileSync(path, 'a line\n');
  const open = new Set<number>();
  const { openSync, closeSync, readSync } = nodeFiles;
  t.after(() => Object.assign(nodeFiles, { openSync, closeSync, readSync }));
  Object.assign(nodeFiles, {
    openSync: (...given: Parameters<typeof openSync>) => {
      const fd = openSync(...given);
      open.add(fd);
      return fd;
    },
    closeSync: (fd: number) => {
      open.delete(fd);
      closeSync(fd);
    },
    readSync: () => {
      throw Object.assign(new Error('EIO'), { code: 'EIO' });
    },
  });
  assert.throws(() => new LineReader(path, 3, 1024), { code: 'EIO' });
  assert.equal(open.size, 0);
});
