import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cliDir, runCli } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';
import { withoutStatistics } from '../support/statistics.ts';

test('migrate gives a database that was restored just now its statistics', async (t) => {
  const { db, url } = await databaseFor(t);
  await db.query('alter table rowtrace.services set (autovacuum_enabled = off)');
  await db.query(`insert into rowtrace.services (service, key) values ('kennel', 'KEN')`);
  assert.ok((await withoutStatistics(db)).includes('services'));
  const migrated = await runCli(t, ['migrate'], { dir: cliDir(t), env: { ROWTRACE_DATABASE_URL: url } });
  assert.equal(migrated.code, 0, migrated.stderr);
  assert.deepEqual(await withoutStatistics(db), []);
});

test('commands that look change no schema, neither one of another version nor a database that was none of ours', async (t) => {
  const { db, url } = await databaseFor(t, 'empty');
  const run = (...args: string[]) => runCli(t, args, { dir: cliDir(t), env: { ROWTRACE_DATABASE_URL: url } });
  const isRefused = async () => {
    for (const args of [['issues'], ['resolve', 'API-1'], ['status']]) {
      const { code, stderr } = await run(...args);
      assert.equal(code, 3, args[0]);
      assert.match(stderr, /missing or older than this version[\s\S]*rowtrace migrate/);
    }
  };
  await isRefused();
  const [found] = await db.query<{ made: string | null }>(`select to_regnamespace('rowtrace')::text as made`);
  assert.equal(found?.made, null);
  assert.equal((await run('keys', 'create', 'the shop')).code, 0, 'what sets a receiver up makes it');
  // As a version before the last migration left it.
  await db.query('delete from rowtrace.migrations where id = (select max(id) from rowtrace.migrations)');
  await db.query('drop table rowtrace.api_keys');
  const last = async () => (await db.query<{ id: number }>('select max(id) as id from rowtrace.migrations'))[0]?.id;
  const older = await last();
  await isRefused();
  assert.equal(await last(), older);
  assert.equal((await run('migrate')).code, 0);
  assert.equal((await run('issues')).code, 0);
});
