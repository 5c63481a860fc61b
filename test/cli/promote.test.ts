// From the embedded database to a Postgres of one's own, through the real command line and the owner's socket.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { readAddress } from '../../src/cli/owner/address.ts';
import { IDLE_IN_TRANSACTION_MILLIS } from '../../src/cli/owner/session.ts';
import { migrate } from '../../src/store/migrate.ts';
import { cliDir, eventually, ownerPid, runCli, startCli } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';
import { withoutStatistics } from '../support/statistics.ts';

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
  assert.deepEqual(await withoutStatistics(db), []);
  await db.query(`update rowtrace.error_logs set message = 'somebody else'`);
  const other = await runCli(t, ['promote', '--to', url], { dir });
  assert.equal(other.code, 2);
  assert.match(other.stderr, /has other rows in schema rowtrace already: 1 row in error_logs\.\n {2}fix: Copy into/);
  const nowhere = await runCli(t, ['promote'], { dir });
  assert.deepEqual([nowhere.code, nowhere.stdout], [2, '']);
});

test('a shell that does not name the promoted columns promotes them all the same; columns of another type are named', {
  timeout: 240_000,
}, async (t) => {
  const dir = cliDir(t);
  const [{ db, url }, other] = [await databaseFor(t, 'empty'), await databaseFor(t, 'empty')];
  const raised = await runCli(t, ['raise-error'], { dir, env: { ROWTRACE_COLUMNS: 'vet_id=integer' } });
  assert.equal(raised.code, 0, raised.stderr);
  const promoted = await runCli(t, ['promote', '--to', url], { dir });
  assert.equal(promoted.code, 0, promoted.stderr);
  assert.deepEqual(await db.query('select vet_id from rowtrace.error_logs'), [{ vet_id: null }]);
  await migrate(other.db, { columns: { vet_id: 'text' } });
  const refused = await runCli(t, ['promote', '--to', other.url], { dir });
  assert.equal(refused.code, 2, refused.stderr);
  assert.match(refused.stderr, /column vet_id of error_logs is text there and integer here[\s\S]*fix: Change or drop/);
});

/** A promote of one error whose target is at the insert of it, and stays there until `go`. */
async function promoteToSlow(t: TestContext) {
  const dir = cliDir(t);
  const { db, url } = await databaseFor(t, 'empty');
  await migrate(db);
  await db.query(`
    create table public.go (at timestamptz);
    create function public.wait_for_go() returns trigger language plpgsql as $$ begin
      while not exists (select from public.go) loop perform pg_sleep(0.1); end loop;
      return null;
    end $$;
    create trigger slow before insert on rowtrace.error_logs execute function public.wait_for_go()`);
  const raised = await runCli(t, ['raise-error', '--json'], { dir });
  assert.equal(raised.code, 0, raised.stderr);
  const promote = startCli(t, ['promote', '--to', url], { dir });
  await eventually(async () => {
    const asleep = await db.query(
      `select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
    );
    return asleep.length > 0;
  });
  const go = async () => {
    await db.query('insert into public.go values (now())');
    return { code: (await promote.ended).code, stderr: promote.stderr };
  };
  const count = async () => (await db.query<{ n: number }>('select count(*) as n from rowtrace.error_logs'))[0]!.n;
  return { dir, url, go, count };
}

test('a target that takes longer than the embedded database may be left idle for ends no promote, whoever waits', {
  timeout: 240_000,
}, async (t) => {
  const { dir, go, count } = await promoteToSlow(t);
  const { host, port } = readAddress(dir)!;
  const other = new pg.Client({ host, port, user: 'postgres', database: 'postgres' });
  const waiting = other.connect();
  // In the end somebody who leaves it idle is ended, and the other has its turn.
  await Promise.race([waiting, delay(IDLE_IN_TRANSACTION_MILLIS * 1.2)]);
  const { code, stderr } = await go();
  assert.deepEqual([code, await count()], [0, 1], stderr);
  await waiting;
  await other.end();
});

test('an embedded database that ends while it is copied is named with what to do, and no row is kept', {
  timeout: 240_000,
}, async (t) => {
  const { dir, url, go, count } = await promoteToSlow(t);
  process.kill(ownerPid(dir)!, 'SIGKILL');
  const { code, stderr } = await go();
  assert.deepEqual([code, await count()], [3, 0], stderr);
  assert.ok(stderr.includes(`The embedded database in ${dir} went away while it was copied: `), stderr);
  assert.match(stderr, /no row was kept[\s\S]*fix: Run `rowtrace promote` again/);
  assert.ok(!stderr.includes(`The database ${url}`), stderr);
});
