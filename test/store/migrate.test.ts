import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { OWN_COLUMNS } from '../../src/record/row.ts';
import { checkSchema, TABLES } from '../../src/store/check-schema.ts';
import type { Db } from '../../src/store/db.ts';
import { BEFORE_RELEASE, migrate } from '../../src/store/migrate.ts';
import { migrationFiles } from '../../src/store/migration-files.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { asSuperuser, createEmptyDatabase, databaseFor, testServerUrl } from '../support/database.ts';
import { openTestPglite } from '../support/pglite.ts';

const columns = { vet_id: 'integer', clinic: 'text' } as const;

for (const kind of ['postgres', 'pglite'] as const) {
  describe(`migrate on ${kind}`, () => {
    const open = async (t: import('node:test').TestContext): Promise<Db> => {
      if (kind === 'postgres') return (await databaseFor(t, 'empty')).db;
      const db = await openTestPglite();
      t.after(() => db.close());
      return db;
    };

    test('makes the schema once, and says what it did', async (t) => {
      const db = await open(t);
      assert.equal((await checkSchema(db, 'rowtrace')).state, 'missing');

      const planned = await migrate(db, { columns: {}, dryRun: true });
      assert.deepEqual(
        planned.map(({ name }) => name),
        migrationFiles().map(({ name }) => name),
      );
      assert.equal((await checkSchema(db, 'rowtrace')).state, 'missing', 'a dry run changes nothing');

      assert.equal((await migrate(db)).length, migrationFiles().length);
      assert.deepEqual(await migrate(db), []);
      assert.deepEqual(await checkSchema(db, 'rowtrace'), { state: 'ok', pending: [], drift: [] });
      const [row] = await db.query<{ partitions: number }>(
        `select count(*)::int as partitions from pg_inherits where inhparent = 'rowtrace.error_logs'::regclass`,
      );
      assert.equal(row!.partitions, 10, 'yesterday, today, seven days ahead, and the default partition');
    });

    test('adds promoted columns with type and index, once', async (t) => {
      const db = await open(t);
      await migrate(db);
      assert.equal((await checkSchema(db, 'rowtrace', columns)).state, 'older');
      const steps = await migrate(db, { columns });
      assert.deepEqual(
        steps.map(({ name }) => name),
        [
          'column vet_id integer on error_logs',
          'column clinic text on error_logs',
          'column vet_id integer on http_calls',
          'column clinic text on http_calls',
        ],
      );
      assert.deepEqual(await migrate(db, { columns }), []);
      const indexes = await db.query<{ indexname: string }>(
        `select indexname from pg_indexes where tablename = 'error_logs' and indexname like '%vet_id'`,
      );
      assert.deepEqual(indexes, [{ indexname: 'error_logs_column_vet_id' }]);
      await assert.rejects(migrate(db, { columns: { vet_id: 'text' } }), { code: 'RT_COLUMN_TYPE' });
      for (const type of ['integer', 'text'] as const)
        await assert.rejects(migrate(db, { columns: { message: type } }), { code: 'RT_OPTION_INVALID' });
      const own = await db.query<{ name: string }>(
        `select distinct attname as name from pg_attribute where attrelid in
           ('rowtrace.error_logs'::regclass, 'rowtrace.http_calls'::regclass) and not attisdropped`,
      );
      for (const { name } of own) assert.ok(OWN_COLUMNS.has(name) || Object.hasOwn(columns, name), name);
      await db.query('select rowtrace.ensure_partitions(9)');
    });

    test('works in a schema of another name, beside the first', async (t) => {
      const db = await open(t);
      await migrate(db);
      await migrate(db, { schema: 'other_one', columns });
      assert.equal((await checkSchema(db, 'other_one', columns)).state, 'ok');
      await assert.rejects(migrate(db, { schema: 'x"; drop table y; --' }), { code: 'RT_OPTION_INVALID' });
    });

    test('takes a schema of the last version before the first release as it is', async (t) => {
      const db = await open(t);
      await migrate(db);
      const { id, checksum } = BEFORE_RELEASE.last;
      await db.query('delete from rowtrace.migrations where id <= $1', [id]);
      const record = (at: number, name: string, sum: string) =>
        db.query('insert into rowtrace.migrations values ($1, $2, $3)', [at, name, sum]);
      await record(1, '0001-error-logs', 'of another text');
      await record(id, '0056-service-keys', checksum);
      assert.deepEqual(await checkSchema(db, 'rowtrace'), { state: 'ok', pending: [], drift: [] });
      assert.deepEqual(await migrate(db), []);
      await record(9999, '9999-from-the-future', 'x');
      const { state, newer } = await checkSchema(db, 'rowtrace');
      assert.deepEqual([state, newer], ['newer', '9999-from-the-future']);
    });

    test('refuses a schema that is newer than the code, or whose migrations were edited', async (t) => {
      const db = await open(t);
      await migrate(db);
      await db.query(`update rowtrace.migrations set checksum = 'x' where id = 1`);
      await assert.rejects(migrate(db), { code: 'RT_SCHEMA_EDITED' });
      const [drift] = (await checkSchema(db, 'rowtrace')).drift;
      assert.equal(drift, 'Migration 0001-error-logs was edited after it was applied.');
      await db.query(`insert into rowtrace.migrations values (9999, '9999-from-the-future', 'x')`);
      assert.equal((await checkSchema(db, 'rowtrace')).state, 'newer');
      await db.query('delete from rowtrace.migrations where id = 1');
      await assert.rejects(migrate(db), { code: 'RT_SCHEMA_NEWER' });
    });
  });
}

test('new migrations have numbers that no step before the first release had', () => {
  const { files, last } = BEFORE_RELEASE;
  const ids = migrationFiles().map(({ id }) => id);
  assert.deepEqual(
    ids.filter((id) => id <= last.id),
    Array.from({ length: files }, (_, at) => at + 1),
  );
});

test('eight processes that start at once migrate once', async (t) => {
  const { url } = await databaseFor(t, 'empty');
  const starters = Array.from({ length: 8 }, () => openPostgres(url));
  const steps = await Promise.all(starters.map((db) => migrate(db, { columns })));
  await Promise.all(starters.map((db) => db.close()));
  assert.deepEqual(
    steps.map((applied) => applied.length).sort((a, b) => b - a),
    [migrationFiles().length + 4, 0, 0, 0, 0, 0, 0, 0],
  );
});

test('a role that is no superuser and only owns the existing schema can migrate; one without rights is told so', async () => {
  const { url, drop } = await createEmptyDatabase();
  const role = `role_${randomBytes(4).toString('hex')}`;
  const database = new URL(url).pathname.slice(1);
  await asSuperuser(async (client) => {
    await client.query(`create role ${role} login password 'pw'`);
    await client.query(`revoke all on schema public from public`);
  }, database);
  const db = openPostgres(testServerUrl({ database, user: role, password: 'pw' }));
  try {
    await assert.rejects(migrate(db), { code: 'RT_DATABASE_RIGHTS' });
    await asSuperuser((client) => client.query(`create schema rowtrace authorization ${role}`), database);
    await migrate(db, { columns });
    assert.equal((await checkSchema(db, 'rowtrace', columns)).state, 'ok');
  } finally {
    await db.close();
    await drop();
    await asSuperuser((client) => client.query(`drop role ${role}`));
  }
});

test('every table that the migrations make is missed when it is gone', async (t) => {
  const { db } = await databaseFor(t);
  const tables = await db.query<{ name: string }>(
    `select relname as name from pg_class
     where relnamespace = 'rowtrace'::regnamespace and relkind in ('r', 'p') and not relispartition order by 1`,
  );
  assert.deepEqual(
    [...TABLES].sort(),
    tables.map(({ name }) => name),
  );
  await db.query('drop table rowtrace.latency_hours, rowtrace.api_keys cascade');
  assert.deepEqual((await checkSchema(db, 'rowtrace')).drift.sort(), [
    'Table api_keys is missing.',
    'Table latency_hours is missing.',
    'Table latency_hours_default is missing.',
  ]);
});

test('a schema that was renamed is said to be: its functions are of the old name, and nothing can be written', async (t) => {
  const { db } = await databaseFor(t);
  await db.query('alter schema rowtrace rename to logs');
  assert.deepEqual((await checkSchema(db, 'logs')).drift, [
    'The functions of logs are written for another name: the schema was renamed.',
  ]);
  await db.query('drop schema logs cascade');
  await migrate(db, { schema: 'logs' });
  assert.deepEqual(await checkSchema(db, 'logs'), { state: 'ok', pending: [], drift: [] });
});

test('stack traces are compressed with lz4 where the server has it, in every partition', async (t) => {
  const { db } = await databaseFor(t);
  const columns = await db.query<{ compression: string }>(
    `select distinct attcompression::text as compression from pg_attribute a join pg_class c on c.oid = a.attrelid
     where attname = 'stack_trace' and relnamespace = 'rowtrace'::regnamespace and relkind in ('r', 'p')`,
  );
  const [lz4] = await db.query<{ has: boolean }>(
    `select 'lz4' = any (enumvals) as has from pg_settings where name = 'default_toast_compression'`,
  );
  assert.deepEqual(columns, [{ compression: lz4!.has ? 'l' : '' }]);
});
