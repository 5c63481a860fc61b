import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Archive } from '../../src/journal/archive.ts';
import { nodeFiles } from '../../src/journal/files.ts';
import { startShipper } from '../deliver/support.ts';
import { logFact, resourceFact, temporaryFolder, testJournal, until } from '../support/journals.ts';
import { ScriptedSink } from '../support/scripted-sink.ts';

const DAY = 86_400_000;
const NOON = Math.floor(Date.now() / DAY) * DAY + DAY / 2;
const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);

/** Lines of all files of a day, as zcat gives them. */
function linesOf(dir: string, time: number): Record<string, unknown>[] {
  return readdirSync(join(dir, 'archive'))
    .filter((name) => name.startsWith(dayOf(time)))
    .flatMap((name) =>
      gunzipSync(readFileSync(join(dir, 'archive', name)))
        .toString()
        .trim()
        .split('\n'),
    )
    .map((line) => JSON.parse(line));
}

test('what was shipped is in the archive, as plain facts by the day of the record, each once', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const resource = resourceFact('p');
  const journal = testJournal(dir, { resource, segmentBytes: 2000 });
  const facts = Array.from({ length: 60 }, (_, n) => logFact(`m${n}`, { t: NOON - (n < 20 ? DAY : 0) }));
  for (const fact of facts) journal.appendNow(fact);
  const shipper = startShipper(t, dir, sink, { own: journal.dir!, archive: { days: 30, maxBytes: 1e9 } });
  assert.equal(await shipper.flush(5000), true);
  const finished = linesOf(dir, NOON).length;
  assert.ok(finished > 10 && finished < 45, 'the segment that is being written is not there yet');
  journal.close();
  await until('the journal is gone', () => readdirSync(join(dir, 'journal')).length === 0);
  const [before, after] = [linesOf(dir, NOON - DAY), linesOf(dir, NOON)];
  const isFact = (line: { k?: unknown }) => line.k !== 'resource';
  assert.deepEqual([...before, ...after].filter(isFact), facts);
  for (const lines of [before, after]) assert.deepEqual(lines[0], resource);
  const file = join(dir, 'archive', readdirSync(join(dir, 'archive'))[0]!);
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('the archive is bounded in days and in bytes, the oldest goes first', (t) => {
  const dir = temporaryFolder(t);
  const journal = testJournal(dir);
  const noise = () => Array.from({ length: 200 }, () => Math.random().toString(36)).join('');
  for (let day = 9; day >= 0; day--) journal.appendNow(logFact(noise(), { t: NOON - day * DAY }));
  const segment = join(journal.dir!, '00000001.ndjson');
  const days = () => [...new Set(readdirSync(join(dir, 'archive')).map((name) => name.slice(0, 10)))].sort();
  const fail = (message: string) => assert.fail(message);
  new Archive(dir, { days: 5, maxBytes: 1e9 }, fail).add(segment);
  assert.deepEqual(
    days(),
    [5, 4, 3, 2, 1, 0].map((day) => dayOf(NOON - day * DAY)),
  );
  const size = statSync(join(dir, 'archive', readdirSync(join(dir, 'archive'))[0]!)).size;
  new Archive(dir, { days: 5, maxBytes: size * 4.5 }, fail).add(segment);
  assert.deepEqual(
    days(),
    [1, 0].map((day) => dayOf(NOON - day * DAY)),
    'two deliverers, two files a day',
  );
});

test('half a member is cut off, and an archive that cannot be written keeps nothing from being removed', (t) => {
  const dir = temporaryFolder(t);
  const journal = testJournal(dir);
  journal.appendNow(logFact('one', { t: NOON }));
  const segment = join(journal.dir!, '00000001.ndjson');
  const said: string[] = [];
  const archive = new Archive(dir, { days: 5, maxBytes: 1e9 }, (message) => said.push(message));
  archive.add(segment);
  const { writeSync } = nodeFiles;
  let calls = 0;
  nodeFiles.writeSync = ((fd: number, data: Buffer, from: number, length: number) => {
    if (calls++ > 0) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    return writeSync(fd, data, from, Math.min(10, length));
  }) as typeof writeSync;
  t.after(() => {
    nodeFiles.writeSync = writeSync;
  });
  archive.add(segment);
  nodeFiles.writeSync = writeSync;
  assert.deepEqual(said, ['archive: no space left']);
  archive.add(segment);
  assert.deepEqual(
    linesOf(dir, NOON).map(({ k }) => k),
    ['resource', 'log', 'resource', 'log'],
  );
  writeFileSync(join(dir, 'archive', 'mine.txt'), '');
  archive.add(join(dir, 'missing'));
  assert.equal(said.length, 2);
});
