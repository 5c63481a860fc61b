import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { JournalReader } from '../../src/journal/reader.ts';
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

const line = (value: unknown) => `${JSON.stringify(value)}\n`;

test('an unfinished last line is returned when it is complete, whatever byte it ended at', (t) => {
  const last = Buffer.from(line(logFact('läst')));
  const folder = temporaryFolder(t);
  for (let cut = 0; cut < last.length; cut++) {
    const dir = journalOf(join(folder, String(cut)), line(resourceFact()) + line(logFact('first')));
    const path = join(dir, '00000001.ndjson');
    appendFileSync(path, last.subarray(0, cut));
    const reader = new JournalReader(dir);
    assert.deepEqual(messagesOf(readAll(reader)), ['first']);
    assert.deepEqual(readAll(reader), []);
    appendFileSync(path, last.subarray(cut));
    assert.deepEqual(messagesOf(readAll(reader)), ['läst']);
    reader.finish();
    assert.equal(reader.torn, 0);
  }
});

test('a torn tail of a dead journal is counted once and costs that line only', (t) => {
  const dir = journalOf(temporaryFolder(t), line(resourceFact()) + line(logFact('first')) + line(logFact('last')));
  const path = join(dir, '00000001.ndjson');
  truncateSync(path, readFileSync(path).length - 1);
  writeFileSync(join(dir, '00000002.ndjson'), line(resourceFact()) + line(logFact('next')));
  const reader = new JournalReader(dir);
  assert.deepEqual(messagesOf(readAll(reader)), ['first', 'next']);
  reader.finish();
  assert.equal(reader.torn, 1);
});

test('lines that are no facts are returned as garbage, in their place', (t) => {
  const text = `${line(resourceFact())}\u0000\u0000\n${line(logFact('one'))}{"k":\n42\nnull\n${line({ a: 1 })}${line(logFact('two'))}`;
  const reader = new JournalReader(journalOf(temporaryFolder(t), text));
  const entries = readAll(reader);
  assert.deepEqual(messagesOf(entries), ['-', 'one', '-', '-', '-', '-', 'two']);
  assert.equal(reader.garbage, 5);
  const garbage = entries.filter((entry) => entry.fact === undefined);
  assert.deepEqual(
    garbage.map(({ raw }) => raw),
    ['\u0000\u0000', '{"k":', '42', 'null', '{"a":1}'],
  );
});

test('a line longer than the bound is skipped in bounded memory', (t) => {
  const text = `${line(resourceFact())}${line(logFact('one'))}"${'x'.repeat(9 * 1024 * 1024)}"\n${line(logFact('two'))}`;
  const reader = new JournalReader(journalOf(temporaryFolder(t), text));
  const entries = readAll(reader);
  assert.deepEqual(messagesOf(entries), ['one', '-', 'two']);
});

test('lines around the size of a chunk are read whole', (t) => {
  const messages = [1, 255, 256, 257, 700, 3000].map((kilobytes) => 'x'.repeat(kilobytes * 1024));
  const text = line(resourceFact()) + messages.map((message) => line(logFact(message))).join('');
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
  ['of another file', '{"segment":1,"offset":999999}'],
  ['nonsense', '{"segment":-1,"offset":"x"}'],
] as const) {
  test(`a state file that is ${name} costs a replay, never a record`, (t) => {
    const dir = journalOf(temporaryFolder(t), line(resourceFact()) + line(logFact('one')) + line(logFact('two')));
    if (state !== undefined) writeFileSync(join(dir, 'shipped.json'), state);
    assert.deepEqual(messagesOf(readAll(new JournalReader(dir))), ['one', 'two']);
  });
}

test('a missing segment does not stop the reader', (t) => {
  const dir = journalOf(temporaryFolder(t), line(resourceFact()) + line(logFact('one')));
  writeFileSync(join(dir, '00000005.ndjson'), line(resourceFact()) + line(logFact('five')));
  assert.deepEqual(messagesOf(readAll(new JournalReader(dir))), ['one', 'five']);
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
