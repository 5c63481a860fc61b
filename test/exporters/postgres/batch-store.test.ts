import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createPostgresSink } from '../../../exporters/postgres/postgres-sink.ts';
import type { ErrorLogRow } from '../../../src/record/row.ts';
import type { Db, Transaction } from '../../../src/store/db.ts';
import { openPostgres } from '../../../src/store/postgres.ts';
import { uuidv7 } from '../../../src/util/uuid.ts';
import { databaseFor } from '../../support/database.ts';
import { errorLog, histogram } from '../../support/rows.ts';
import { batch } from '../../support/sinks.ts';

interface Watch {
  /** Called before a COPY goes in; what it throws is the answer. */
  onCopy?: () => void;
  afterCommit?: () => void;
  copies: number;
}

/** A sink on a fresh database whose first batch is written. */
async function openPrimed(
  t: TestContext,
  url: string,
): Promise<{ sink: ReturnType<typeof createPostgresSink>; watch: Watch }> {
  const watch: Watch = { copies: 0 };
  const sink = createPostgresSink({ open: async () => watched(openPostgres(url), watch), foldEveryMillis: 3_600_000 });
  t.after(() => sink.close());
  await sink.open();
  await sink.write(batch({ logs: [errorLog({ message: 'first', level: 'INFO' })] }));
  watch.copies = 0;
  return { sink, watch };
}

function watched(db: Db, watch: Watch): Db {
  const transaction: Db['transaction'] = async (work, options) => {
    // Maintenance has transactions, too.
    let isBatch = false;
    const result = await db.transaction((tx) => {
      const later: Transaction['later'] = async (statements) => {
        isBatch = true;
        if (statements.some(({ data }) => data !== undefined)) {
          watch.copies++;
          watch.onCopy?.();
        }
        await tx.later(statements);
      };
      return work({ ...tx, later });
    }, options);
    if (isBatch) watch.afterCommit?.();
    return result;
  };
  return { ...db, transaction };
}

const many = (count: number, given: Partial<ErrorLogRow> = {}) => Array.from({ length: count }, () => errorLog(given));

async function counts(db: Db): Promise<{ rows: number; counted: number }> {
  const [row] = await db.query<{ rows: number; counted: number }>(
    `select (select count(*) from rowtrace.error_logs where level = 'ERROR') as rows,
      (select coalesce(sum(count), 0)::bigint from rowtrace.issue_list) as counted`,
  );
  return row!;
}

test('duplicates in the middle of a COPY: news is stored, counted once, and COPY comes back when all is new again', async (t) => {
  const { db, url } = await databaseFor(t);
  const { sink, watch } = await openPrimed(t, url);
  const known = many(3);
  await sink.write(batch({ logs: known }));
  assert.equal(watch.copies, 1);
  const mixed = [...many(100), ...known, ...many(100)];
  assert.deepEqual(await sink.write(batch({ logs: mixed })), { insertedLogs: 200, duplicateLogs: 3 });
  assert.equal(watch.copies, 2, 'tried and refused');
  assert.deepEqual(await sink.write(batch({ logs: mixed })), { insertedLogs: 0, duplicateLogs: 203 });
  assert.equal(watch.copies, 2, 'not tried while rows come again');
  await sink.write(batch({ logs: many(10) }));
  await sink.write(batch({ logs: many(10) }));
  assert.equal(watch.copies, 3);
  assert.deepEqual(await counts(db), { rows: 223, counted: 223 });
});

test('carriers of exceptions: what is left once they are joined is copied; repeated, nothing is stored or counted twice', async (t) => {
  const { db, url } = await databaseFor(t);
  const { sink, watch } = await openPrimed(t, url);
  const at = Date.now();
  const pairs = (count: number) =>
    Array.from({ length: count }, (_, nr) => {
      const key = `${uuidv7().replaceAll('-', '')}`;
      const carrier = (span: string, path: string[]) =>
        errorLog({
          created_at: at,
          error_message: `no dog ${nr}`,
          occurrence: { key, span, path, from: at, to: at + 9 },
        });
      return [carrier('outer', []), carrier('inner', ['outer'])];
    }).flat();
  const first = pairs(50);
  assert.deepEqual(await sink.write(batch({ logs: first })), { insertedLogs: 50, duplicateLogs: 0 });
  assert.equal(watch.copies, 1);
  const mixed = [...pairs(20), ...first.slice(0, 10)];
  assert.deepEqual(await sink.write(batch({ logs: mixed })), { insertedLogs: 20, duplicateLogs: 10 });
  assert.equal(watch.copies, 2, 'tried and refused');
  await sink.write(batch({ logs: pairs(5) }));
  assert.equal(watch.copies, 2, 'not tried while rows come again');
  await sink.write(batch({ logs: pairs(5) }));
  assert.equal(watch.copies, 3);
  assert.deepEqual(await counts(db), { rows: 80, counted: 80 });
});

test('poison in a COPY is poison for the batch, nothing of it is stored, and its neighbours go in without it', async (t) => {
  const { db, url } = await databaseFor(t);
  const { sink, watch } = await openPrimed(t, url);
  const good = many(50);
  const bad = errorLog({ level: 'WORSE' as 'ERROR' });
  await assert.rejects(sink.write(batch({ logs: [...good, bad] })), { name: 'SinkError', kind: 'poison' });
  assert.equal(watch.copies, 1);
  assert.deepEqual(await counts(db), { rows: 0, counted: 0 });
  assert.deepEqual(await sink.write(batch({ logs: good })), { insertedLogs: 50, duplicateLogs: 0 });
  assert.deepEqual(await counts(db), { rows: 50, counted: 50 });
});

test('poison beside the rows is told by the write, not by who encodes ahead', async (t) => {
  const { db, url } = await databaseFor(t);
  const { sink } = await openPrimed(t, url);
  const bad = batch({ logs: many(3), histograms: [histogram({ bucket_start: Number.NaN })] });
  sink.prepare!(bad);
  await assert.rejects(sink.write(bad), { name: 'SinkError', kind: 'poison' });
  assert.deepEqual(await counts(db), { rows: 0, counted: 0 });
});

test('what has no binary form is refused at once, and the next batch is copied', async (t) => {
  const { db, url } = await databaseFor(t);
  const { sink, watch } = await openPrimed(t, url);
  const occurrence = { key: 'a'.repeat(32), span: 's', path: [], from: 0, to: 1 };
  for (const more of [{}, { occurrence }]) {
    const bad = errorLog({ ...more, created_at: 'yesterday' as unknown as number });
    await assert.rejects(sink.write(batch({ logs: [bad] })), { name: 'SinkError', kind: 'poison' });
    assert.equal(watch.copies, 0);
    await sink.write(batch({ logs: many(3) }));
    assert.equal(watch.copies, 1);
    watch.copies = 0;
  }
  assert.deepEqual(await counts(db), { rows: 6, counted: 6 });
});

test('what has a dead letter is not copied beside it, nor is a carrier of what is copied; after that news is copied again', async (t) => {
  const { db, url } = await databaseFor(t);
  const { sink, watch } = await openPrimed(t, url);
  const occurrence = { key: 'a'.repeat(32), span: '1', path: [], from: 1, to: 2 };
  const carrier = errorLog({ process: 'p', occurrence: { ...occurrence, span: '2', path: ['1'] } });
  const known = many(3, { process: 'p' });
  for (const { event_id } of [...known, carrier])
    await sink.deadLetter([{ event_id, process: 'p', kind: 'log', reason: 'bad', raw: event_id }]);
  const ledger = () => db.query('select dead_lettered::int, stored::int, absorbed::int from rowtrace.ledger');
  assert.deepEqual(await ledger(), [{ dead_lettered: 4, stored: 0, absorbed: 0 }]);
  // Each is tried by COPY.
  const deliveries = [...known.map((row) => [row]), [errorLog({ process: 'p', occurrence }), carrier]];
  for (const logs of deliveries) {
    await sink.write(batch({ logs }));
    await sink.write(batch({ logs: [errorLog()] }));
  }
  assert.deepEqual(await ledger(), [{ dead_lettered: 0, stored: 4, absorbed: 1 }]);
  watch.copies = 0;
  await sink.write(batch({ logs: [errorLog()] }));
  assert.equal(watch.copies, 1);
});

test('a COPY whose commit is not known is repeated without a duplicate', async (t) => {
  const { db, url } = await databaseFor(t);
  const { sink, watch } = await openPrimed(t, url);
  const logs = many(100);
  watch.afterCommit = () => {
    watch.afterCommit = undefined;
    throw new Error('Connection terminated unexpectedly');
  };
  await assert.rejects(sink.write(batch({ logs })), { kind: 'outage' });
  assert.deepEqual(await sink.write(batch({ logs })), { insertedLogs: 0, duplicateLogs: 100 });
  assert.equal(watch.copies, 1);
  assert.deepEqual(await counts(db), { rows: 100, counted: 100 });
});

test('a COPY that is refused for what the insert may do is given up after a few', async (t) => {
  const { db, url } = await databaseFor(t);
  const { sink, watch } = await openPrimed(t, url);
  watch.onCopy = () => {
    throw Object.assign(new Error('COPY FROM not supported with row-level security'), { code: '0A000' });
  };
  for (let round = 0; round < 12; round++)
    assert.deepEqual(await sink.write(batch({ logs: many(5) })), { insertedLogs: 5, duplicateLogs: 0 });
  assert.equal(watch.copies, 3);
  assert.deepEqual(await counts(db), { rows: 60, counted: 60 });
});

test('two writers that copy the same rows at the same time store and count each once', async (t) => {
  const { db, url } = await databaseFor(t);
  const writers = await Promise.all([openPrimed(t, url), openPrimed(t, url)]);
  let inserted = 0;
  for (let round = 0; round < 10; round++) {
    const logs = many(300);
    const orders = [logs, logs.toReversed()];
    const results = await Promise.all(writers.map(({ sink }, nr) => sink.write(batch({ logs: orders[nr]! }))));
    inserted += results.reduce((sum, result) => sum + result.insertedLogs, 0);
    await Promise.all(writers.map(({ sink }) => sink.write(batch({ logs: many(1, { level: 'INFO' }) }))));
  }
  assert.equal(inserted, 3_000);
  assert.deepEqual(await counts(db), { rows: 3_000, counted: 3_000 });
  assert.ok(writers.every(({ watch }) => watch.copies >= 10));
  const [{ deadlocks }] = (await db.query(
    'select deadlocks from pg_stat_database where datname = current_database()',
  )) as [{ deadlocks: number }];
  assert.equal(deadlocks, 0);
});
