// The embedded database's rows in a Postgres of one's own: the same in both, or nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPostgresSink } from '../../exporters/postgres/postgres-sink.ts';
import { listIssues } from '../../src/query/issues.ts';
import type { PromotedColumns } from '../../src/record/row.ts';
import { ColumnsDiffer } from '../../src/store/copy-columns.ts';
import { CopyConflict, copySchema } from '../../src/store/copy-schema.ts';
import type { Db } from '../../src/store/db.ts';
import { migrate } from '../../src/store/migrate.ts';
import { mergeIssues, resolveIssue, undoAction } from '../../src/triage/index.ts';
import { databaseFor } from '../support/database.ts';
import { openTestPglite } from '../support/pglite.ts';
import { errorLog, histogram } from '../support/rows.ts';
import { batch } from '../support/sinks.ts';

const columns = { vet_id: 'integer', weight_kg: 'numeric' } as const;

test('all rows are copied with promoted columns and sequences; again it is nothing; other rows are a conflict; a failure leaves nothing', async (t) => {
  const source = await openTestPglite();
  t.after(() => source.close());
  const open = async () => ({ ...source, close: async () => {} });
  const sink = createPostgresSink({ open, columns, foldEveryMillis: 3_600_000 });
  await sink.open();
  const rows = [...Array(1201).keys()].map((n) =>
    errorLog({
      process: 'p',
      message: `no dog ${n}`,
      user_id: `u${n}`,
      promoted: { vet_id: n, weight_kg: '0.10000000000000000001' },
    }),
  );
  const ledger = { process: 'p', service: 'kennel', seq: 1, updated_at: Date.now(), accepted: 1202, merged: 0 };
  const old = errorLog({ created_at: 1e12, message: 'long ago' });
  await sink.write(batch({ logs: [...rows, old], histograms: [histogram()], ledgers: [{ ...ledger, dropped: {} }] }));
  await sink.deadLetter([{ process: 'p', kind: 'log', reason: 'bad', raw: 'x' }]);
  await sink.close();
  // Of a batch that nobody folded yet.
  await source.query(`
    insert into rowtrace.issue_deltas (hour, count, level, first_seen, last_seen, key_id)
    select date_trunc('hour', first_seen), 1, level, first_seen, last_seen, key_id from rowtrace.issue_key_counts where count = 1`);

  const { db } = await databaseFor(t, 'empty');
  await migrate(db, { columns });
  const broken = copySchema(source, db, 'rowtrace', ({ table }) => {
    if (table === 'error_logs') throw new Error('interrupted');
  });
  await assert.rejects(broken, /interrupted/);
  const left = await db.query('select count(*) as n from rowtrace.issues');
  assert.deepEqual(left, [{ n: 0 }]);

  const progress: string[] = [];
  // All is committed when the source goes away: that is a copy.
  const goesAway: Db = {
    ...source,
    transaction: async (work) => {
      await source.transaction(work);
      throw new Error('gone');
    },
  };
  const { tables, copied } = await copySchema(goesAway, db, 'rowtrace', ({ table, rows }) =>
    progress.push(`${table} ${rows}`),
  );
  assert.equal(copied, true);
  assert.ok(progress.includes('error_logs 500') && progress.includes('error_logs 1202'));
  const counted = Object.fromEntries(tables.map(({ table, rows }) => [table, rows]));
  assert.deepEqual(
    [counted.error_logs, counted.dead_letters, counted.ledger, counted.latency_histograms],
    [1202, 1, 1, 1],
  );
  const [row] = await db.query(`select vet_id, weight_kg::text from rowtrace.error_logs where message = 'no dog 7'`);
  assert.deepEqual(row, { vet_id: 7, weight_kg: '0.10000000000000000001' });

  // As the owner of the embedded database does in the meantime.
  await source.query('select rowtrace.fold_issue_deltas()');
  assert.equal((await copySchema(source, db, 'rowtrace')).copied, false);

  const after = createPostgresSink({ open: async () => ({ ...db, close: async () => {} }), columns });
  await after.open();
  await after.write(batch({ logs: [errorLog({ message: 'a new kind of trouble', service: 'clinic' })] }));
  await after.deadLetter([{ process: 'p', kind: 'log', reason: 'bad', raw: 'y' }]);
  await after.close();
  const issues = await db.query('select title, count from rowtrace.issue_list where count > 0 order by title');
  assert.deepEqual(issues, [
    { title: 'a new kind of trouble', count: 1 },
    { title: 'long ago', count: 2 },
    { title: 'no dog <n>', count: 1201 },
  ]);
  const asked: string[] = [];
  await assert.rejects(copySchema(source, heard(db, asked), 'rowtrace'), CopyConflict);
  assert.ok(asked.length > 0);
  assert.deepEqual(
    asked.filter((text) => text.includes('hashtextextended')),
    [],
    'that there are more rows than here is seen without reading them all',
  );
});

/** The database, and the statements that it gets. */
function heard(db: Db, asked: string[]): Db {
  const transaction: Db['transaction'] = (work, options) =>
    db.transaction((tx) => {
      const query: typeof tx.query = (text, values) => {
        asked.push(text);
        return tx.query(text, values);
      };
      return work({ ...tx, query });
    }, options);
  return { ...db, transaction };
}

test('rows that refer to later rows of their own table are copied: issues merged into newer ones, actions undone much later', async (t) => {
  const source = await openTestPglite();
  t.after(() => source.close());
  const sink = createPostgresSink({ open: async () => ({ ...source, close: async () => {} }) });
  await sink.open();
  // Letters, since digits are no part of what tells issues apart.
  const nameOf = (nr: number) => String(nr).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)]!);
  await sink.write(batch({ logs: [...Array(700).keys()].map((nr) => errorLog({ message: `dog ${nameOf(nr)}` })) }));
  await sink.close();
  const ids = (await listIssues(source, 'rowtrace', { limit: 700 })).map(({ id }) => id).sort((a, b) => a - b);
  const actor = 'ann';
  await mergeIssues(source, 'rowtrace', { into: ids[690]!, from: [ids[0]!, ids[1]!], actor });
  await resolveIssue(source, 'rowtrace', { issue: ids[2]!, how: 'now', actor });
  await source.query(
    `insert into rowtrace.issue_history (issue_id, actor, action) select $1, 'bob', 'reopened' from generate_series(1, 600)`,
    [ids[3]],
  );
  await undoAction(source, 'rowtrace', { issue: ids[2]!, actor });
  // A changed row goes where there is room; here each is before the row it refers to, 500 and more away.
  for (const table of ['issues', 'issue_history']) await source.query(`cluster rowtrace.${table} using ${table}_pkey`);

  const { db } = await databaseFor(t, 'empty');
  await migrate(db);
  assert.equal((await copySchema(source, db, 'rowtrace')).copied, true);
  for (const { table, column } of [
    { table: 'issues', column: 'merged_into' },
    { table: 'issue_history', column: 'undone_by' },
  ]) {
    const text = `select id, ${column} from rowtrace.${table} where ${column} is not null order by id`;
    const there = await db.query(text);
    assert.deepEqual(there, await source.query(text));
    assert.ok(there.length > 0);
  }
  await assert.rejects(db.query('update rowtrace.issues set merged_into = 0'), /issues_merged_into_fkey/);
});

test('promoted columns of the source are made where they are missing; one more is no difference while it is empty', async (t) => {
  const source = await openTestPglite();
  t.after(() => source.close());
  const sink = createPostgresSink({ open: async () => ({ ...source, close: async () => {} }), columns });
  await sink.open();
  await sink.write(batch({ logs: [errorLog({ promoted: { vet_id: 7, weight_kg: '0.5' } }), errorLog()] }));
  await sink.close();
  const open = async (given: PromotedColumns = {}) => {
    const { db } = await databaseFor(t, 'empty');
    await migrate(db, { columns: given });
    return db;
  };
  const differ = (db: Db, says: string) =>
    assert.rejects(copySchema(source, db, 'rowtrace'), (error: Error) => {
      assert.ok(error instanceof ColumnsDiffer, String(error));
      assert.equal(error.message, says);
      return true;
    });
  const rows = 'select vet_id, weight_kg from rowtrace.error_logs where vet_id is not null';

  for (const db of [await open(), await open({ ...columns, clinic: 'text' })]) {
    assert.equal((await copySchema(source, db, 'rowtrace')).copied, true);
    assert.deepEqual(await db.query(rows), [{ vet_id: 7, weight_kg: '0.5' }]);
    assert.equal((await copySchema(source, db, 'rowtrace')).copied, false);
    const indexes = await db.query(`select from pg_indexes where indexname = 'http_calls_column_vet_id'`);
    assert.equal(indexes.length, 1);
  }
  await differ(
    await open({ vet_id: 'text' }),
    ['error_logs', 'http_calls'].map((table) => `column vet_id of ${table} is text there and integer here`).join('; '),
  );
  const filled = await open();
  await filled.query(`alter table rowtrace.error_logs add clinic text default 'north'`);
  await differ(filled, 'column clinic of error_logs is filled there, not here');
  assert.deepEqual(await filled.query('select from rowtrace.error_logs'), []);
  for (const [change, says] of [
    ['add clinic text not null', 'column clinic of error_logs may not be null there and is missing here'],
    ['alter vet_id set not null', 'column vet_id of error_logs may not be null there and is null in rows here'],
    ['add double int generated always as (vet_id * 2) stored', 'column double of error_logs is filled there, not here'],
    [
      'drop vet_id, add vet_id int generated always as (7) stored',
      'column vet_id of error_logs is generated there, not here',
    ],
  ] as const) {
    const db = await open(columns);
    await db.query(`alter table rowtrace.error_logs ${change}`);
    await differ(db, says);
  }
  // Of a table without rows nothing is in the way.
  const strict = await open(columns);
  await strict.query('alter table rowtrace.http_calls add clinic text not null, alter vet_id set not null');
  assert.equal((await copySchema(source, strict, 'rowtrace')).copied, true);
  await source.query('alter table rowtrace.http_calls drop vet_id, drop weight_kg');
  await source.query('alter table rowtrace.http_calls add weight_kg text');
  await source.query('alter table rowtrace.error_logs add twice int generated always as (vet_id * 2) stored');
  // A column of one table only, of another type in the other, and one that is made of others: as the source has them.
  const partly = await open();
  assert.equal((await copySchema(source, partly, 'rowtrace')).copied, true);
  assert.deepEqual(await partly.query(rows.replace('vet_id', 'vet_id, twice')), [
    { vet_id: 7, twice: 14, weight_kg: '0.5' },
  ]);
  await source.query('alter table rowtrace.issues add owner jsonb');
  await differ(await open(), 'column owner (jsonb) of issues is missing there');
});
