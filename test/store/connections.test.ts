// Two hundred processes and one server with a hundred connections: the application can always connect, Rowtrace takes its
// share and no more, and every row arrives.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { createPostgresSink } from '../../exporters/postgres/postgres-sink.ts';
import { BatchWriter } from '../../src/deliver/batch-writer.ts';
import type { Item } from '../../src/deliver/item.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { startPostgresServer } from '../support/postgres-server.ts';
import { errorLog } from '../support/rows.ts';

const PROCESSES = 200;
const BATCHES = 2;
const ROWS = 5;
/** Between the starts of two processes, in times a connection takes until it knows that it may not stay. */
const START_AFTER = 2;
const START_MILLIS = 50;

test('200 processes at 100 connections: the application always gets one, and all rows arrive', async (t) => {
  const server = await startPostgresServer('newest', { max_connections: 100 });
  t.after(() => server.stop());
  const setup = openPostgres(server.url);
  t.after(() => setup.close());
  await migrate(setup);
  await setup.query('select rowtrace.ensure_partitions()');

  let done = false;
  let most = 0;
  let connects = 0;
  const application = async () => {
    while (!done) {
      const client = new pg.Client({ connectionString: server.url, application_name: 'the application' });
      await client.connect();
      connects++;
      const { rows } = await client.query(
        `select count(*)::int as count from pg_stat_activity where application_name = 'rowtrace'`,
      );
      most = Math.max(most, rows[0].count);
      await client.end();
      await pause(20);
    }
  };
  const using = application();
  // Reported at the end, by `await using`.
  using.catch(() => {});
  const between = Math.max(START_MILLIS, START_AFTER * (await connectionMillis(server.url)));
  await Promise.all(
    Array.from({ length: PROCESSES }, async (_, nr) => {
      await pause(nr * between);
      await writeAsProcess(server.url, nr);
    }),
  );
  done = true;
  await using;

  const [stored] = await setup.query('select count(*) as rows, count(distinct host) as hosts from rowtrace.error_logs');
  assert.deepEqual(stored, { rows: PROCESSES * BATCHES * ROWS, hosts: PROCESSES });
  assert.ok(connects > 20, `${connects} connections of the application`);
  // A quarter, one of `setup`, and those that have not asked yet.
  assert.ok(most < 80, `${most} connections of Rowtrace at a time`);
});

test('a connection that is not used is given back after a few seconds', async (t) => {
  const server = await startPostgresServer('newest');
  t.after(() => server.stop());
  const db = openPostgres(server.url, { considerate: true, applicationName: 'idle one' });
  t.after(() => db.close());
  const other = openPostgres(server.url, { applicationName: 'other' });
  t.after(() => other.close());
  const connected = async () =>
    (await other.query(`select from pg_stat_activity where application_name = 'idle one'`)).length;
  await db.query('select 1');
  assert.equal(await connected(), 1);
  const deadline = performance.now() + 20_000;
  while ((await connected()) > 0) {
    assert.ok(performance.now() < deadline, 'still connected');
    await pause(50);
  }
});

/** On this machine, as busy as it is. */
async function connectionMillis(url: string): Promise<number> {
  const start = performance.now();
  for (let nr = 0; nr < 5; nr++) {
    const db = openPostgres(url, { considerate: true });
    await db.query('select 1');
    await db.close();
  }
  return (performance.now() - start) / 5;
}

/** What a process does, without its thread: the real sink and the real back-off. */
async function writeAsProcess(url: string, nr: number): Promise<void> {
  const sink = createPostgresSink({
    open: async () => openPostgres(url, { considerate: true }),
    migrate: false,
    foldEveryMillis: 3_600_000,
  });
  const writer = new BatchWriter({
    sink,
    batchRows: 1_000,
    batchBytes: 1e6,
    configMillis: 1_000,
    random: Math.random,
    sleep: pause,
    onProblem: () => {},
    onState: () => {},
  });
  await writer.open();
  for (let batch = 0; batch < BATCHES; batch++) {
    await writer.deliver(Array.from({ length: ROWS }, () => item(`host-${nr}`)));
    await pause(500);
  }
  assert.equal(writer.stored, BATCHES * ROWS);
  await sink.close();
}

function item(host: string): Item {
  const rows = { logs: [errorLog({ host })] };
  return { rows, rowCount: 1, sizeBytes: 1_000, source: {}, done: () => {} };
}

function pause(millis: number): Promise<void> {
  return new Promise((later) => setTimeout(later, millis));
}
