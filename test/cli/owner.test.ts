// The embedded owner, through the real command line: one of many, taken over, idle, ended, unable to start.

import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { connectOwner } from '../../src/cli/owner/connect.ts';
import { spawnNode } from '../support/children.ts';
import { cliDir, eventually, killOwner, ownerPid, runCli } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { logFact, testJournal } from '../support/journals.ts';

const onUnix = process.platform !== 'win32';
const address = (dir: string) => JSON.parse(readFileSync(join(dir, 'owner.json'), 'utf8'));

describe('the embedded owner', { concurrency: 2, timeout: 240_000 }, () => {
  test('four commands at once start one owner and all get an answer; killed, it is succeeded and nothing is lost', async (t) => {
    const dir = cliDir(t);
    const results = await Promise.all([...Array(4)].map(() => runCli(t, ['issues', '--json'], { dir })));
    for (const { code, stdout, stderr } of results) assert.deepEqual([code, stdout], [0, '[]\n'], stderr);
    const log = readFileSync(join(dir, 'owner.log'), 'utf8');
    assert.equal(log.match(/serving/g)?.length, 1, log);
    const first = ownerPid(dir)!;
    assert.equal(address(dir).pid, first);

    const raised = await runCli(t, ['raise-error', '--json'], { dir });
    assert.equal(raised.code, 0, raised.stderr);
    const row = JSON.parse(raised.stdout);
    assert.equal(row.error_type, 'RaisedError');

    process.kill(first, 'SIGKILL');
    await eventually(() => ownerPid(dir) === undefined);
    const after = await Promise.all([...Array(2)].map(() => runCli(t, ['tail', '--no-follow', '--json'], { dir })));
    for (const { code, stdout, stderr } of after) {
      assert.equal(code, 0, stderr);
      assert.equal(JSON.parse(stdout).event_id, row.event_id);
    }
    assert.notEqual(ownerPid(dir), first);
    assert.deepEqual(
      readdirSync(dir).filter((name) => name.startsWith('owner.lock')),
      ['owner.lock.2'],
    );
  });

  test('what holds the rows up is told by the file that a command names', async (t) => {
    const dir = cliDir(t);
    const db = await connectOwner(dir);
    t.after(() => db.close());
    await db.query('alter table rowtrace.ledger rename to mislaid');
    const journal = testJournal(dir, { shippedBy: 'owner' });
    t.after(() => journal.close());
    journal.appendNow(logFact('the door is open'));
    const { stderr } = await runCli(t, ['issues'], { dir });
    const [, file] =
      /1 journal is still being stored; later rows are missing here \((.*) says why, if that goes on\)/.exec(stderr)!;
    assert.match(readFileSync(file!, 'utf8'), /ledger/);
  });

  test('it ends by itself when nobody needs it, and on SIGTERM, leaving a clean folder both times', async (t) => {
    const dir = cliDir(t);
    const env = { ROWTRACE_OWNER_IDLE_MILLIS: '300' };
    assert.equal((await runCli(t, ['issues'], { dir, env })).code, 0);
    await eventually(() => ownerPid(dir) === undefined);
    const log = readFileSync(join(dir, 'owner.log'), 'utf8');
    assert.match(log, /ending: nobody needs it\n$/);
    assert.ok(!existsSync(join(dir, 'owner.json')) && !existsSync(join(dir, '.s.PGSQL.5432')));

    assert.equal((await runCli(t, ['issues'], { dir })).code, 0, 'and it can be started again');
    const pid = ownerPid(dir)!;
    process.kill(pid, 'SIGTERM');
    await eventually(() => ownerPid(dir) === undefined);
    await eventually(() => !alive(pid));
    assert.ok(!existsSync(join(dir, 'owner.json')) && !existsSync(join(dir, '.s.PGSQL.5432')));
  });

  test('it goes by the options of the command: of others it is started anew, once a command', async (t) => {
    const dir = cliDir(t);
    const elsewhere = cliDir(t);
    const pidAfter = async (columns: string, cwd?: string) => {
      const { code, stderr } = await runCli(t, ['issues'], {
        dir,
        env: { ROWTRACE_COLUMNS: columns },
        ...(cwd && { cwd }),
      });
      assert.equal(code, 0, stderr);
      return ownerPid(dir)!;
    };
    const first = await pidAfter('vet_id=integer');
    assert.equal(await pidAfter('vet_id=integer'), first);
    assert.equal(await pidAfter('', elsewhere), first, 'no options, and another folder: as it is');
    const second = await pidAfter('dog_id=integer');
    assert.notEqual(second, first);
    assert.notEqual(await pidAfter(''), second, 'an option that was taken out of the configuration');
    assert.match(readFileSync(join(dir, 'owner.log'), 'utf8'), /ending: SIGTERM\n[^\n]+serving/);
  });

  test('folder, log, socket and address are private', { skip: !onUnix && 'modes are a Unix matter' }, async (t) => {
    const dir = join(cliDir(t), 'below', 'there');
    t.after(() => killOwner(dir));
    assert.equal((await runCli(t, ['issues'], { dir })).code, 0);
    const mode = (name: string) => statSync(join(dir, name)).mode & 0o077;
    for (const name of ['.', 'owner.log', 'owner.json', '.s.PGSQL.5432', 'pgdata']) assert.equal(mode(name), 0, name);
  });

  test('a path too long for a socket gets one in a private temporary folder', {
    skip: !onUnix && 'no Unix sockets',
  }, async (t) => {
    const dir = join(cliDir(t), 'x'.repeat(90));
    t.after(() => killOwner(dir));
    const { code, stderr } = await runCli(t, ['issues'], { dir });
    assert.equal(code, 0, stderr);
    const { host, pid } = address(dir);
    assert.notEqual(host, dir);
    assert.equal(statSync(host).mode & 0o077, 0);
    process.kill(pid, 'SIGTERM');
    await eventually(() => !existsSync(host));
  });

  test('without Unix sockets it listens on the loopback interface and asks for a password', async (t) => {
    const dir = cliDir(t);
    const { code, stderr } = await runCli(t, ['issues'], { dir, env: { ROWTRACE_OWNER_TCP: '1' } });
    assert.equal(code, 0, stderr);
    const { host, port, password } = address(dir);
    assert.equal(host, '127.0.0.1');
    assert.ok(port > 1023 && password.length >= 24);
  });

  test('a database that does not open is said with the reason and the fix', async (t) => {
    const dir = cliDir(t);
    writeFileSync(join(dir, 'pgdata'), 'not a folder');
    const { code, stdout, stderr } = await runCli(t, ['issues'], { dir });
    assert.equal(code, 3);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /rowtrace: The embedded database in .* did not start: PGlite cannot open it: .*ErrnoError.*\n {2}fix: Read owner\.log/,
    );
    assert.doesNotMatch(stderr, /\n\s+at /);
  });

  test('what a power cut takes from the database comes back from the journals', { skip: !onUnix }, async (t) => {
    const dir = cliDir(t);
    const [data, copy] = [join(dir, 'pgdata'), join(dir, 'copy')];
    // Once, when there is something first, and not again.
    const env = { ROWTRACE_OWNER_SETTLE_MILLIS: '3600000' };
    const raise = async () => {
      const { code, stdout, stderr } = await runCli(t, ['raise-error', '--json'], { dir, env });
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout).event_id as string;
    };
    const journals = () => readdirSync(join(dir, 'journal'));
    const first = await raise();
    await eventually(() => journals().length === 0);
    const owner = ownerPid(dir)!;
    process.kill(owner, 'SIGSTOP');
    cpSync(data, copy, { recursive: true });
    process.kill(owner, 'SIGCONT');
    const second = await raise();
    assert.equal(journals().length, 1, 'stored, and kept until it is safe');
    process.kill(owner, 'SIGKILL');
    await eventually(() => ownerPid(dir) === undefined);
    rmSync(data, { recursive: true });
    renameSync(copy, data);

    const { stdout, stderr } = await runCli(t, ['tail', '--no-follow', '--json'], { dir });
    const rows = stdout.trim().split('\n');
    assert.deepEqual(rows.map((row) => JSON.parse(row).event_id).sort(), [first, second].sort(), stderr);
    await eventually(() => journals().length === 0);
  });

  test('journals of a living application keep it, and what they hold is there for the next command', async (t) => {
    const dir = cliDir(t);
    const app = `console.error(new TypeError('the bowl is empty')); process.stdout.write('up'); setInterval(() => {}, 1000)`;
    const register = new URL('../../src/register.ts', import.meta.url).href;
    const child = spawnNode(t, ['--import', register, '--eval', app], {
      ROWTRACE_DIR: dir,
      ROWTRACE_DATABASE_URL: '',
      ROWTRACE_QUIET: 'on',
    });
    await eventually(() => child.stdout === 'up' && existsSync(join(dir, 'journal')));
    const env = { ROWTRACE_OWNER_IDLE_MILLIS: '300' };
    const { stdout, stderr } = await runCli(t, ['tail', '--no-follow', '--json'], { dir, env });
    assert.equal(JSON.parse(stdout).message, 'the bowl is empty', stderr);
    await new Promise((done) => setTimeout(done, 1500));
    assert.ok(ownerPid(dir), 'the application lives, so its owner does');
    child.process.kill('SIGKILL');
    await eventually(() => ownerPid(dir) === undefined);
  });
});

test('what a process left that had a database is not taken into the embedded one; the next command with a database stores it', async (t) => {
  const dir = cliDir(t);
  const app = `console.error(new TypeError('the bowl is empty')); process.kill(process.pid, 'SIGKILL')`;
  const register = new URL('../../src/register.ts', import.meta.url).href;
  const { process: child } = spawnNode(t, ['--import', register, '--eval', app], {
    ROWTRACE_DIR: dir,
    ROWTRACE_DATABASE_URL: `postgres://nobody@127.0.0.1:${await freePort()}/away`,
    ROWTRACE_QUIET: 'on',
  });
  await eventually(() => child.signalCode === 'SIGKILL');
  const embedded = await runCli(t, ['tail', '--no-follow', '--json'], { dir });
  assert.equal(embedded.stdout, '', embedded.stderr);
  assert.match(embedded.stderr, /1 journal waits for the database or receiver of a process that ended/);
  const { url } = await databaseFor(t);
  const { stdout, stderr } = await runCli(t, ['tail', '--no-follow', '--json'], {
    dir,
    env: { ROWTRACE_DATABASE_URL: url },
  });
  assert.equal(JSON.parse(stdout).message, 'the bowl is empty', stderr);
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
