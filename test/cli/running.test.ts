// Commands that run something: dev, raise-error, tail as it goes on, and a database that gets what ended processes left.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { spawnNode } from '../support/children.ts';
import { cliDir, eventually, killOwner, ownerPid, runCli, startCli } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';
import { insertLog } from '../support/rows.ts';

const REGISTER = new URL('../../src/register.ts', import.meta.url).href;

describe('dev', { timeout: 240_000, concurrency: 2 }, () => {
  const app = (code: string) => ['dev', '--', process.execPath, '--input-type=commonjs', '--eval', code];

  test('runs the application with the preload and the owner beside it; output and exit code are its own', async (t) => {
    const dir = cliDir(t);
    const code = `
      process.stdout.write('to stdout'); process.stderr.write('to stderr');
      console.error('kennel', new RangeError('too many dogs'));
      setTimeout(() => process.exit(7), 300)`;
    // The application's own NODE_OPTIONS are kept.
    const { code: exit, stdout, stderr } = await runCli(t, app(code), { dir, env: { NODE_OPTIONS: '--title=kennel' } });
    assert.deepEqual([exit, stdout], [7, 'to stdout'], stderr);
    assert.match(stderr, /to stderr/);
    assert.match(stderr, /rowtrace: rows go to .*; see them with: npx rowtrace tail/);
    const tail = await runCli(t, ['tail', '--no-follow', '--json'], { dir });
    assert.equal(JSON.parse(tail.stdout).error_type, 'RangeError', tail.stderr);
  });

  test('hands signals on, and ends as the application does', {
    skip: process.platform === 'win32' && 'no signals there',
  }, async (t) => {
    const dir = cliDir(t);
    const code = `process.on('SIGTERM', () => process.exit(3)); process.stdout.write('up'); setInterval(() => {}, 1000)`;
    const polite = startCli(t, app(code), { dir });
    const plain = startCli(t, app(`process.stdout.write('up'); setInterval(() => {}, 1000)`), { dir });
    await eventually(() => polite.stdout === 'up' && plain.stdout === 'up');
    polite.process.kill('SIGTERM');
    plain.process.kill('SIGTERM');
    assert.equal((await polite.ended).code, 3);
    assert.equal((await plain.ended).code, 128 + 15);
  });

  test('options of the application are not taken for our own, with and without "--"', async (t) => {
    const dir = cliDir(t);
    const { stdout } = await runCli(t, ['dev', process.execPath, '--print', '6 * 7'], { dir });
    assert.equal(stdout, '42\n');
  });
});

describe('raise-error', { timeout: 240_000 }, () => {
  test('shows the row that arrived in Postgres, and starts no embedded database for it', async (t) => {
    const { url, db } = await databaseFor(t, 'empty');
    const dir = cliDir(t);
    const { code, stdout, stderr } = await runCli(t, ['raise-error'], { dir, env: { ROWTRACE_DATABASE_URL: url } });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /CRITICAL +RaisedError +rowtrace raise-error [0-9a-f]{8}\n/);
    assert.equal((await db.query('select from rowtrace.error_logs')).length, 1, 'the schema was made on the way');
    assert.equal(ownerPid(dir), undefined);
    assert.ok(!existsSync(join(dir, 'pgdata')));
  });

  test('says so when nothing arrives', async (t) => {
    const { url } = await databaseFor(t);
    const env = { ROWTRACE_DATABASE_URL: url, OTEL_SDK_DISABLED: 'true' };
    const { code, stdout, stderr } = await runCli(t, ['raise-error'], { dir: cliDir(t), env });
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /no row arrived within \d+ s; `rowtrace doctor` may tell why/);
  });
});

describe('with a database', { timeout: 240_000 }, () => {
  test('what an application without one left in its journal is stored by the next command', async (t) => {
    const { url } = await databaseFor(t);
    const dir = cliDir(t);
    const app = spawnNode(t, ['--import', REGISTER, '--eval', `console.error(new SyntaxError('half a bone'))`], {
      ROWTRACE_DIR: dir,
      ROWTRACE_DATABASE_URL: '',
      ROWTRACE_QUIET: 'on',
    });
    await app.ended;
    const { stdout, stderr } = await runCli(t, ['issues', '--json'], { dir, env: { ROWTRACE_DATABASE_URL: url } });
    assert.deepEqual(
      JSON.parse(stdout).map(({ type, count }: { type: string; count: number }) => [type, count]),
      [['SyntaxError', 1]],
      stderr,
    );
  });

  test('what a script left that ended before it had made the tables has them made by the next command', async (t) => {
    const { url } = await databaseFor(t, 'empty');
    const dir = cliDir(t);
    const app = spawnNode(t, ['--import', REGISTER, '--eval', `console.error(new SyntaxError('half a bone'))`], {
      ROWTRACE_DIR: dir,
      ROWTRACE_DATABASE_URL: url,
      ROWTRACE_EXIT_TIMEOUT_MILLIS: '0',
      ROWTRACE_QUIET: 'on',
    });
    await app.ended;
    const { stdout, stderr } = await runCli(t, ['issues', '--json'], { dir, env: { ROWTRACE_DATABASE_URL: url } });
    assert.deepEqual(
      JSON.parse(stdout).map(({ type }: { type: string }) => type),
      ['SyntaxError'],
      stderr,
    );
  });

  test('tail shows the newest rows, then each new one once, and ends on Ctrl-C with 0', async (t) => {
    const { url, db } = await databaseFor(t);
    const env = { ROWTRACE_DATABASE_URL: url };
    await insertLog(db, 'before');
    const tail = startCli(t, ['tail'], { dir: cliDir(t), env });
    await eventually(() => tail.stdout.includes('before'));
    for (const message of ['one', 'two', 'three']) await insertLog(db, message);
    await eventually(() => tail.stdout.includes('three'));
    tail.process.kill('SIGINT');
    const { code } = await tail.ended;
    assert.deepEqual(
      tail.stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/)[2]),
      ['before', 'one', 'two', 'three'],
    );
    if (process.platform !== 'win32') assert.equal(code, 0);
  });

  test('tail goes on when the owner of the embedded database is killed', async (t) => {
    const dir = cliDir(t);
    const tail = startCli(t, ['tail', '--json'], { dir });
    await eventually(() => ownerPid(dir) !== undefined && existsSync(join(dir, 'owner.json')));
    assert.equal((await runCli(t, ['raise-error'], { dir })).code, 0);
    await eventually(() => tail.stdout.includes('RaisedError'));
    const killed = killOwner(dir);
    await eventually(() => ownerPid(dir) !== undefined && ownerPid(dir) !== killed);
    assert.equal((await runCli(t, ['raise-error'], { dir })).code, 0);
    await eventually(() => tail.stdout.trimEnd().split('\n').length === 2);
    assert.match(tail.stderr, /the database is away/);
    const ids = tail.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).event_id);
    assert.equal(new Set(ids).size, 2, 'each row once');
  });
});
