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
