// What the receiver's 200 stands on: each file and folder that leads to the record is synced before it.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { StoreFullError } from '../../src/receive/fact-store.ts';
import { folderFor } from '../support/folder.ts';
import { logFact, resourceFact, testJournal } from '../support/journals.ts';

test('before a record is confirmed its segment, its journal, its owner and the folders above are on the disk', async (t) => {
  const paths = new Map<number, string>();
  const synced: string[] = [];
  const { open, fsync, fdatasync } = fs;
  const noting =
    (sync: typeof fs.fsync) =>
    (fd: number, done: fs.NoParamCallback): void => {
      synced.push(paths.get(fd)!);
      sync(fd, done);
    };
  Object.assign(fs, {
    open: (path: string, flags: string, done: (error: Error | null, fd: number) => void) =>
      open(path, flags, (error, fd) => {
        paths.set(fd, path);
        done(error, fd);
      }),
    fsync: noting(fsync),
    fdatasync: noting(fdatasync),
  });
  syncBuiltinESMExports();
  t.after(() => {
    Object.assign(fs, { open, fsync, fdatasync });
    syncBuiltinESMExports();
  });
  const { createJournalStore } = await import('../../src/receive/journal-store.ts');
  const dir = folderFor(t);
  const journal = testJournal(dir);
  const store = createJournalStore(journal, 1e9, () => 0);
  const write = async () => {
    const from = synced.length;
    const ledger = { k: 'ledger', t: Date.now(), seq: 1, accepted: 1, merged: 0, dropped: {} } as const;
    await store.write([{ k: 'pack', resource: resourceFact(), facts: [logFact('safe')] }], ledger, () => {});
    return synced.slice(from).map((path) => relative(dir, path));
  };
  const own = join('journal', '*');
  const named = (paths: string[]) => paths.map((path) => path.replace(/[0-9a-f-]{36}/, '*')).sort();
  assert.deepEqual(named(await write()), ['', 'journal', own, join(own, '00000001.ndjson'), join(own, 'owner.json')]);
  assert.deepEqual(named(await write()), [join(own, '00000001.ndjson')], 'what leads to it only once');
});

test('a request that there is no room for is refused before a part of it is written', async (t) => {
  const { createJournalStore } = await import('../../src/receive/journal-store.ts');
  const journal = testJournal(folderFor(t), { maxBytes: 100_000 });
  const store = createJournalStore(journal, 100_000, () => 0);
  const ledger = { k: 'ledger', t: Date.now(), seq: 1, accepted: 1, merged: 0, dropped: {} } as const;
  const kept: number[] = [];
  const write = (packs: number) =>
    store.write(
      Array.from({ length: packs }, () => ({
        k: 'pack',
        resource: resourceFact(),
        facts: [logFact('x'.repeat(20_000))],
      })),
      ledger,
      ({ facts }) => kept.push(facts.length),
    );
  await assert.rejects(write(6), StoreFullError);
  assert.deepEqual([journal.stats().written, kept.length], [0, 0]);
  await write(3);
  assert.deepEqual([journal.stats().written, kept.length], [4, 3]);
  await assert.rejects(write(2), StoreFullError);
  assert.deepEqual([journal.stats().written, kept.length], [4, 3]);
  await write(1);
  assert.deepEqual(journal.stats().dropped, {});
});
