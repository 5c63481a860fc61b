// Somebody publishes all tables of the database (logical replication, change data capture).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorLog, histogram } from '../support/rows.ts';
import { batch, foldAll, openSink } from '../support/sinks.ts';

const HOUR = 3_600_000;

test('where all tables are published, rows are stored, counts folded and latencies rolled up, late ones too', async (t) => {
  const { sink, db } = await openSink(t, 'postgres');
  await db.query('create publication everything for all tables');
  const hour = Math.floor(Date.now() / HOUR) * HOUR;
  const old = hour - 72 * HOUR;
  const write = (bucket_start: number, seq: number) =>
    sink.write(batch({ logs: [errorLog()], histograms: [histogram({ bucket_start, seq })] }));
  const rollUp = () => db.query('select rowtrace.roll_up_latency()');
  await write(old, 1);
  await write(hour - 3 * HOUR, 2);
  await rollUp();
  // Late: the row of its hour is made again, and that of its day.
  await write(old, 3);
  assert.equal((await db.query('select from rowtrace.latency_late')).length, 1);
  await rollUp();
  assert.equal((await db.query('select from rowtrace.latency_late')).length, 0);
  await db.query('select rowtrace.refresh_latency_baselines()');
  await foldAll(db);
  await db.query('select rowtrace.apply_retention(1, 1, 1, 1)');
  // Between midnight and three o'clock (UTC) the other hour is of a finished day, too.
  const [day] = await db.query<{ count: number }>(
    `select sum(count)::int as count from rowtrace.latency_days where bucket_start < now() - interval '50 hours'`,
  );
  assert.equal(day!.count, 2 * histogram().count);
});
