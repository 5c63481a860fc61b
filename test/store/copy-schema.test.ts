// The embedded database's rows in a Postgres of one's own: the same in both, or nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPostgresSink } from '../../exporters/postgres/postgres-sink.ts';
import { CopyConflict, copySchema } from '../../src/store/copy-schema.ts';
import type { Db } from '../../src/store/db.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openPglite } from '../../src/store/pglite.ts';
import { databaseFor } from '../support/database.ts';
import { errorLog, histogram } from '../support/rows.ts';
import { batch } from '../support/sinks.ts';

const columns = { vet_id: 'integer', weight_kg: 'numeric' } as const;

test('all rows are copied with promoted columns and sequences; again it is nothing; other rows are a conflict; a failure leaves nothing', async (t) => {
  const source = await openPglite();
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
  await source.query('select rowtrace.fold_issue_deltas()');
  await sink.close();

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

  assert.equal((await copySchema(source, db, 'rowtrace')).copied, false);

  const after = createPostgresSink({ open: async () => ({ ...db, close: async () => {} }), columns });
  await after.open();
  await after.write(batch({ logs: [errorLog({ message: 'a new kind of trouble', service: 'clinic' })] }));
  await after.deadLetter([{ process: 'p', kind: 'log', reason: 'bad', raw: 'y' }]);
  await after.close();
  const issues = await db.query('select title, count from rowtrace.issue_list where count > 0 order by title');
  assert.deepEqual(issues, [
    { title: 'a new kind of trouble', count: 1 },
    { title: 'long ago', count: 1 },
    { title: 'no dog <n>', count: 1201 },
  ]);
  await assert.rejects(copySchema(source, db, 'rowtrace'), CopyConflict);
});
