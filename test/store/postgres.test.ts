import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openTarget } from '../../exporters/postgres/dead-letters.ts';
import { writeBatch, writeDeadLetters } from '../../exporters/postgres/write-batch.ts';
import type { Db } from '../../src/store/db.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { asSuperuser, databaseFor, testServerUrl, untilLocked } from '../support/database.ts';
import { openTestPglite } from '../support/pglite.ts';
import { errorLog } from '../support/rows.ts';
import { openServer } from '../support/servers.ts';
import { batch } from '../support/sinks.ts';

describe('both databases', () => {
  const values = `select 5::bigint as safe, 9007199254740993::bigint as big, array[1, null]::bigint[] as list,
    '2026-01-02T03:04:05.678Z'::timestamptz as at, '{"a": [1]}'::jsonb as json, 1.50::numeric as exact, null::int as none`;
  const expected = {
    safe: 5,
    big: '9007199254740993',
    list: [1, null],
    at: new Date('2026-01-02T03:04:05.678Z'),
    json: { a: [1] },
    exact: '1.50',
    none: null,
  };
  const check = async (db: Db) => {
    assert.deepEqual(await db.query(values), [expected]);
    assert.deepEqual(await db.query('select $1::int as a, $2::jsonb as b', [1, '{"c":2}']), [{ a: 1, b: { c: 2 } }]);
    assert.deepEqual(await db.query('create table t (a int); insert into t values (1); select a from t'), [{ a: 1 }]);
    const failing = db.transaction(async (tx) => {
      await tx.query('insert into t values (2)');
      throw new Error('on purpose');
    });
    await assert.rejects(failing, /on purpose/);
    await assert.rejects(db.query('select from nowhere'), { code: '42P01' });
    assert.deepEqual(await db.query('select a from t'), [{ a: 1 }]);
  };
  test('Postgres gives rows back as PGlite does, and rolls back', async (t) =>
    check((await databaseFor(t, 'empty')).db));
  test('PGlite gives rows back as Postgres does, and rolls back', async (t) => {
    const db = await openTestPglite();
    t.after(() => db.close());
    await check(db);
  });
});

test('whatever DateStyle and TimeZone a database has, times are read and partitions are made right', async (t) => {
  const name = (url: string) => new URL(url).pathname.slice(1);
  for (const style of ['German', 'SQL, DMY', 'Postgres, MDY']) {
    const { url, db } = await databaseFor(t, 'empty');
    await db.query(`alter database ${name(url)} set datestyle = '${style}'`);
    await db.query(`alter database ${name(url)} set timezone = 'Asia/Kolkata'`);
    const one = openPostgres(url, { max: 1 });
    t.after(() => one.close());
    await migrate(one);
    const at = new Date('2026-02-03T22:05:06.789Z');
    const question = 'select $1::timestamptz as at, array[$1::timestamptz] as list';
    const expected = [{ at, list: [at] }];
    assert.deepEqual(await one.query(question, [at.toISOString()]), expected, `${style}, a query of its own`);
    assert.deepEqual(await one.query(question.replaceAll('$1', `'${at.toISOString()}'`)), expected);
    await one.transaction(async (tx) => {
      await tx.later([{ text: 'select 1', values: [] }]);
      assert.deepEqual(await tx.query(question, [at.toISOString()]), expected, `${style}, after a pipeline`);
    });
    const bounds = await one.query<{ name: string; bound: string }>(
      `select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound from pg_class c join pg_inherits i on i.inhrelid = c.oid
       where i.inhparent = 'rowtrace.error_logs'::regclass and c.relname not like '%default'`,
    );
    assert.equal(bounds.length, 9);
    for (const { name, bound } of bounds) {
      const [from, to] = [...bound.matchAll(/'([^']+)'/g)].map(([, text]) => new Date(text!).toISOString());
      const day = name.slice(-8).replace(/(....)(..)(..)/, '$1-$2-$3');
      assert.equal(from, `${day}T00:00:00.000Z`, `${style}: ${name} ${bound}`);
      assert.equal(Date.parse(to!) - Date.parse(from), 86_400_000, `${style}: ${name} ${bound}`);
    }
  }
});

test('a database with standard_conforming_strings off orders releases as any other', async (t) => {
  const { url, db } = await databaseFor(t, 'empty');
  await db.query(`alter database ${new URL(url).pathname.slice(1)} set standard_conforming_strings = off`);
  const one = openPostgres(url, { max: 1 });
  t.after(() => one.close());
  await migrate(one);
  const [row] = await one.query(`select rowtrace.release_order('shop', '1.9.0', '1.10.0') as "order"`);
  assert.deepEqual(row, { order: -1 });
});

test('numbers come whole and types have their names, whatever a database says of digits and quotes', async (t) => {
  const { url, db } = await databaseFor(t, 'empty');
  const name = new URL(url).pathname.slice(1);
  await db.query(
    `alter database ${name} set extra_float_digits = 0; alter database ${name} set quote_all_identifiers = on`,
  );
  const one = openPostgres(url);
  t.after(() => one.close());
  await migrate(one, { columns: { tenant: 'text' } });
  assert.deepEqual(await migrate(one, { columns: { tenant: 'text' } }), []);
  const [row] = await one.query<{ sum: number; json: string }>(
    `select 0.1::float8 + 0.2::float8 as sum, to_jsonb(0.1::float8 + 0.2::float8)::text as json`,
  );
  assert.deepEqual(row, { sum: 0.1 + 0.2, json: String(0.1 + 0.2) });
});

test('whatever isolation a role has, who waited for another writer sees what that one committed', async (t) => {
  const { db, url } = await databaseFor(t, 'empty');
  const name = new URL(url).pathname.slice(1);
  await asSuperuser((client) =>
    client.query(`alter database ${name} set default_transaction_isolation = 'repeatable read'`),
  );
  const others = Array.from({ length: 4 }, () => openPostgres(url));
  t.after(() => Promise.all(others.map((other) => other.close())));
  const steps = await Promise.all(others.map((other) => migrate(other)));
  assert.equal(steps.filter(({ length }) => length > 0).length, 1);

  const target = await openTarget(db, 'rowtrace', {});
  const row = errorLog({ process: 'p' });
  let letter: Promise<void> | undefined;
  await db.transaction(async (tx) => {
    await writeBatch(tx, target, batch({ logs: [row] }));
    await tx.query('select 1');
    const given = { event_id: row.event_id, process: 'p', kind: 'log', reason: 'bad', raw: 'x' };
    letter = others[0]!.transaction((other) => writeDeadLetters(other, target, [given]));
    await untilLocked(db);
  });
  await letter;
  assert.deepEqual(await db.query('select stored, dead_lettered from rowtrace.ledger'), [
    { stored: 1, dead_lettered: 0 },
  ]);
});

// Before Postgres 18 "IST" is Israel's wherever it is written.
test('who asks for partitions in a session of another style gets the same, on Postgres 14', {
  timeout: 120_000,
}, async (t) => {
  const { db, drop } = await openServer('postgres 14');
  t.after(drop);
  await db.query('select rowtrace.ensure_partitions(7)');
  await db.query(
    `set local datestyle = 'SQL, DMY'; set local timezone = 'Asia/Kolkata'; select rowtrace.ensure_partitions(9)`,
  );
  const [made] = await db.query<{ bound: string }>(
    `select pg_get_expr(relpartbound, oid) as bound from pg_class
     where relname ~ '^error_logs_[0-9]{8}$' order by relname desc limit 1`,
  );
  assert.match(made!.bound, /FROM \('[\d-]+ 00:00:00\+00'\) TO \('[\d-]+ 00:00:00\+00'\)/);
});

test('connections that the server ends, idle or in use, fail their query and not the process', async (t) => {
  const { db, url } = await databaseFor(t);
  const [{ pid }] = (await db.query('select pg_backend_pid() as pid')) as [{ pid: number }];
  const kill = (victim: number) => asSuperuser((client) => client.query('select pg_terminate_backend($1)', [victim]));
  await kill(pid);
  const inUse = openPostgres(url);
  t.after(() => inUse.close());
  await assert.rejects(
    inUse.transaction(async (tx) => {
      const [row] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
      await kill(row!.pid);
      // The answer comes between two queries, of which the second finds no connection.
      await new Promise((later) => setTimeout(later, 100));
      await tx.query('select 1');
    }),
    { code: '57P01', message: /^terminating connection/ },
  );
  assert.deepEqual(await inUse.query('select 1 as one'), [{ one: 1 }]);
});

test('statements that nobody waits for, a copy among them, are all or nothing with their transaction', async (t) => {
  const { url } = await databaseFor(t);
  const db = openPostgres(url, { max: 1 });
  t.after(() => db.close());
  await db.query('create table n (a int primary key)');
  const [before] = await db.query<{ pid: number }>('select pg_backend_pid() as pid');
  const rows = (from: number, count: number) =>
    Buffer.from(Array.from({ length: count }, (_, nr) => `${from + nr}\n`).join(''));
  const pieces = (data: Buffer) =>
    Array.from({ length: Math.ceil(data.length / 65_536) }, (_, nr) => data.subarray(nr * 65_536, (nr + 1) * 65_536));
  const copy = (data: Buffer) => ({ text: 'copy n from stdin', values: [], data: pieces(data) });
  const insert = (value: string) => ({ text: 'insert into n values ($1)', values: [value] });
  const stored = async () => (await db.query<{ n: number }>('select count(*) as n from n'))[0]!.n;

  await db.transaction((tx) => tx.later([insert('-1'), copy(rows(0, 1_000)), insert('-2')]));
  assert.equal(await stored(), 1_002);
  // More than a socket holds, refused at its first row.
  const refused = db.transaction((tx) => tx.later([insert('-3'), copy(rows(0, 500_000)), insert('-4')]));
  await assert.rejects(refused, { code: '23505' });
  await assert.rejects(
    db.transaction((tx) => tx.later([copy(rows(5_000, 10)), insert('no number')])),
    { code: '22P02' },
  );
  await assert.rejects(
    db.transaction((tx) => tx.later([{ ...copy(rows(1, 1)), text: 'copy nowhere from stdin' }, insert('-5')])),
    { code: '42P01' },
  );
  assert.equal(await stored(), 1_002);
  await db.transaction(async (tx) => {
    await tx.later([copy(rows(9_000, 3))]);
    assert.deepEqual(await tx.query('select count(*) as n from n'), [{ n: 1_005 }]);
    await tx.later([insert('-6')]);
  });
  assert.equal(await stored(), 1_006);
  const [after] = await db.query<{ pid: number }>('select pg_backend_pid() as pid');
  assert.equal(after!.pid, before!.pid, 'the connection was kept');
});

test('a statement and a wait for a lock end by themselves', async (t) => {
  const { db } = await databaseFor(t);
  const limit = { statementTimeoutMillis: 100 };
  await assert.rejects(
    db.transaction((tx) => tx.query('select pg_sleep(60)'), limit),
    { code: '57014' },
  );
  await db.transaction(async (tx) => {
    await tx.query('lock table rowtrace.error_logs');
    await assert.rejects(db.query('select from rowtrace.error_logs'), { code: '55P03' });
  });
});

test('a frozen backend costs its connection and a bounded time', async (t) => {
  if (process.platform !== 'linux' || new URL(testServerUrl()).hostname !== '127.0.0.1')
    return t.skip('run it on Linux with the server on 127.0.0.1');
  const { url } = await databaseFor(t);
  const db = openPostgres(url, { max: 1 });
  let frozen = 0;
  const started = performance.now();
  const waiting = db.transaction(
    async (tx) => {
      const [row] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
      frozen = row!.pid;
      process.kill(frozen, 'SIGSTOP');
      await tx.query('select 1');
    },
    { statementTimeoutMillis: 100 },
  );
  try {
    await assert.rejects(waiting, /Query read timeout/);
    assert.ok(performance.now() - started < 8_000);
    assert.deepEqual(await db.query('select 1 as one'), [{ one: 1 }]);
  } finally {
    process.kill(frozen, 'SIGCONT');
    await db.close();
  }
});
