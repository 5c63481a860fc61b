// One hot issue does not serialise its writers: nobody waits for a transaction that counts for the same issue, and the
// rate of sixteen writers on one issue is that on sixteen. The ratio is printed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPostgresSink } from '../../../exporters/postgres/postgres-sink.ts';
import { writeBatch } from '../../../exporters/postgres/write-batch.ts';
import { openPostgres } from '../../../src/store/postgres.ts';
import { databaseFor } from '../../support/database.ts';
import { errorLog } from '../../support/rows.ts';
import { batch, foldAll } from '../../support/sinks.ts';

const WRITERS = 16;
const ROWS = 100;
const BATCHES = 8;

test('a writer goes on while others hold uncommitted counts of the same issue, and new issues of the same service', async (t) => {
  const { db, url } = await databaseFor(t);
  const other = openPostgres(url, { max: WRITERS + 1 });
  t.after(() => other.close());
  const target = { schema: '"rowtrace"', promoted: { error_logs: {}, http_calls: {} } };
  const hot = () =>
    batch({ logs: [errorLog({ message: 'hot', release_version: '1.0.0', route: '/', user_id: 'ann' })] });
  await db.transaction((tx) => writeBatch(tx, target, hot()));

  const holders = Promise.withResolvers<void>();
  const ready: Promise<void>[] = [];
  const held = Array.from({ length: WRITERS }, (_, nr) => {
    const started = Promise.withResolvers<void>();
    ready.push(started.promise);
    return other.transaction(async (tx) => {
      await writeBatch(tx, target, hot());
      // One of them has made an issue that nobody sees yet.
      if (nr === 0) await writeBatch(tx, target, batch({ logs: [errorLog({ message: 'new' })] }));
      started.resolve();
      await holders.promise;
    });
  });
  await Promise.all(ready);
  // Would fail after the lock timeout of two seconds.
  await db.transaction((tx) => writeBatch(tx, target, hot()));
  await db.query('select rowtrace.fold_issue_deltas()');
  holders.resolve();
  await Promise.all(held);
  const counts = await db.query('select title, count from rowtrace.issue_list order by title');
  assert.deepEqual(counts, [
    { title: 'hot', count: WRITERS + 2 },
    { title: 'new', count: 1 },
  ]);
});

test('sixteen writers on one issue are as fast as on sixteen', async (t) => {
  const { db, url } = await databaseFor(t);
  const sinks = Array.from({ length: WRITERS }, () =>
    createPostgresSink({ open: async () => openPostgres(url, { max: 1 }), foldEveryMillis: 3_600_000 }),
  );
  await Promise.all(sinks.map((sink) => sink.open()));
  t.after(() => Promise.all(sinks.map((sink) => sink.close())));

  let written = 0;
  const rate = async (writers: number, issueOf: (writer: number) => string) => {
    const given = Array.from({ length: writers }, (_, writer) =>
      Array.from({ length: BATCHES }, () =>
        batch({
          logs: Array.from({ length: ROWS }, (_, nr) =>
            errorLog({ message: issueOf(writer), route: `/${nr % 3}`, user_id: `u${nr}`, release_version: '1.0.0' }),
          ),
        }),
      ),
    );
    const start = performance.now();
    await Promise.all(
      given.map(async (batches, writer) => {
        for (const each of batches) await sinks[writer]!.write(each);
      }),
    );
    written += writers * BATCHES * ROWS;
    return (writers * BATCHES * ROWS) / ((performance.now() - start) / 1000);
  };

  const names = 'abcdefghijklmnop';
  await rate(WRITERS, (writer) => `cold ${names[writer]}`);
  await rate(WRITERS, () => 'hot');
  const one = await rate(1, () => 'hot');
  const rates: [hot: number, spread: number][] = [];
  for (let round = 0; round < 3; round++)
    rates.push([await rate(WRITERS, () => 'hot'), await rate(WRITERS, (writer) => `cold ${names[writer]}`)]);
  // In turns, and the best of each: what else runs on the machine only slows down.
  const hot = Math.max(...rates.map(([rate]) => rate));
  const spread = Math.max(...rates.map(([, rate]) => rate));
  t.diagnostic(
    `rows/s: 1 writer on one issue ${one.toFixed(0)}, 16 writers on one ${hot.toFixed(0)}, on sixteen ${spread.toFixed(0)}; ` +
      `one to sixteen issues ${(hot / spread).toFixed(2)}, 16 writers to 1 ${(hot / one).toFixed(2)}`,
  );
  // A row that all update would leave about a third; a busy machine must not fail this.
  assert.ok(hot / spread > 0.6, `${hot} against ${spread} rows/s`);

  const counted = async () => (await db.query('select sum(count)::bigint as count from rowtrace.issue_list'))[0]!.count;
  assert.equal(await counted(), written);
  await foldAll(db);
  assert.equal(await counted(), written);
  const [deadlocks] = await db.query('select deadlocks from pg_stat_database where datname = current_database()');
  assert.equal(deadlocks!.deadlocks, 0);
});
