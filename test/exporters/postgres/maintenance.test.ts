// What is done now and then beside the writing, while one part of it cannot be done.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPostgresSink } from '../../../exporters/postgres/postgres-sink.ts';
import { analyzeGrown } from '../../../src/store/analyze.ts';
import { openPostgres } from '../../../src/store/postgres.ts';
import { databaseFor } from '../../support/database.ts';
import { until } from '../../support/journals.ts';
import { errorLog } from '../../support/rows.ts';
import { batch } from '../../support/sinks.ts';

test('counts are folded while somebody reads all night, and a new day’s partition waits for the lock', async (t) => {
  const { db, url } = await databaseFor(t);
  const [day] = await db.query<{ name: string }>(
    `select max(relname::text) as name from pg_class where relname ~ '^error_logs_[0-9]{8}$'`,
  );
  await db.query(`drop table rowtrace.${day!.name}`);
  const other = openPostgres(url);
  t.after(() => other.close());
  const reading = Promise.withResolvers<void>();
  const done = Promise.withResolvers<void>();
  const dump = other.transaction(async (tx) => {
    await tx.query('select count(*) from rowtrace.error_logs');
    reading.resolve();
    await done.promise;
  });
  await reading.promise;
  try {
    const sink = createPostgresSink({ open: async () => openPostgres(url), foldEveryMillis: 50 });
    t.after(() => sink.close());
    await sink.open();
    await sink.write(batch({ logs: [errorLog()] }));
    await until('folded', async () => (await db.query('select from rowtrace.issue_deltas')).length === 0);
    const made = await db.query('select from pg_class where relname = $1', [day!.name]);
    assert.equal(made.length, 0, 'the reader still held the lock');
  } finally {
    done.resolve();
    await dump;
  }
});

test('where nobody else does, what grew is analyzed: without statistics commands ran into their time-out', async (t) => {
  const { db, url } = await databaseFor(t);
  await db.query('alter table rowtrace.error_logs_default set (autovacuum_enabled = off)');
  await db.query(
    `insert into rowtrace.error_logs (event_id, created_at, level, message, message_template, fingerprint, fingerprint_version,
       service, environment, tags)
     select gen_random_uuid(), '2020-01-01', 'ERROR', repeat('x', 1000), '', repeat('a', 40), 1, 'kennel', 'test', '{}'
     from generate_series(1, 1500)`,
  );
  await db.query('alter table rowtrace.services set (autovacuum_enabled = off)');
  await db.query(`insert into rowtrace.services (service, key) values ('kennel', 'KEN')`);
  const known = async () => {
    const tables = await db.query<{ reltuples: number }>(
      `select reltuples from pg_class where oid in ('rowtrace.error_logs_default'::regclass, 'rowtrace.services'::regclass)
       order by reltuples`,
    );
    return tables.map(({ reltuples }) => reltuples).join();
  };
  assert.equal(await known(), '-1,-1');
  const sink = createPostgresSink({ open: async () => openPostgres(url), foldEveryMillis: 50 });
  t.after(() => sink.close());
  await sink.open();
  await until('analyzed', async () => (await known()) === '1,1500');
  assert.equal(await analyzeGrown(db, 'rowtrace'), 0, 'and not again while it is the same');
});

test('where so many hours take too long they are rolled up one by one', async (t) => {
  const { db, url } = await databaseFor(t);
  // What a call of more than one hour comes to, and a table that says with how many it was called.
  await db.query('create table rowtrace.asked (at_once int)');
  await db.query(`create or replace function rowtrace.roll_up_latency(at_once int default 6) returns int language plpgsql as $$
    begin
      if at_once > 1 then raise exception 'canceling statement due to statement timeout' using errcode = '57014'; end if;
      insert into rowtrace.asked values (at_once);
      return case when (select count(*) from rowtrace.asked) < 3 then 1 else 0 end;
    end $$`);
  const sink = createPostgresSink({ open: async () => openPostgres(url), foldEveryMillis: 50 });
  t.after(() => sink.close());
  await sink.open();
  await until('rolled up', async () => (await db.query('select from rowtrace.asked')).length === 3);
});

test('counts are folded while hours are rolled up that nobody will see the end of', async (t) => {
  const { db, url } = await databaseFor(t);
  await db.query(`create or replace function rowtrace.roll_up_latency(at_once int default 6) returns int language plpgsql as $$
    begin
      perform pg_sleep(0.2);
      return at_once;
    end $$`);
  const sink = createPostgresSink({ open: async () => openPostgres(url), foldEveryMillis: 50 });
  t.after(() => sink.close());
  await sink.open();
  await new Promise((later) => setTimeout(later, 200));
  await sink.write(batch({ logs: [errorLog()] }));
  await until('folded', async () => (await db.query('select from rowtrace.issue_deltas')).length === 0);
});
