// From the embedded database to a Postgres of one's own, through the real command line and the owner's socket.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cliDir, runCli } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';

test('promote copies what the embedded database and the journals hold, says how to go on, and is safe to repeat', {
  timeout: 240_000,
}, async (t) => {
  const dir = cliDir(t);
  const { db, url } = await databaseFor(t, 'empty');
  const raised = await runCli(t, ['raise-error', '--json'], { dir });
  assert.equal(raised.code, 0, raised.stderr);
  const promoted = await runCli(t, ['promote', '--to', url], { dir });
  assert.equal(promoted.code, 0, promoted.stderr);
  assert.match(promoted.stdout, /error_logs +1\n/);
  assert.match(promoted.stdout, /ROWTRACE_DATABASE_URL/);
  const rows = await db.query('select event_id::text from rowtrace.error_logs');
  assert.deepEqual(rows, [{ event_id: JSON.parse(raised.stdout).event_id }]);
  await db.query(`update rowtrace.error_logs set message = 'somebody else'`);
  const other = await runCli(t, ['promote', '--to', url], { dir });
  assert.equal(other.code, 2);
  assert.match(other.stderr, /has other rows in schema rowtrace already: 1 row in error_logs\.\n {2}fix: Copy into/);
  const nowhere = await runCli(t, ['promote'], { dir });
  assert.deepEqual([nowhere.code, nowhere.stdout], [2, '']);
});
