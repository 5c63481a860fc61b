// What a person gets who asks for help or gives something wrong.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { cliDir, MAIN, ownerPid, runCli } from '../support/cli.ts';
import { asSuperuser, databaseFor, testServerUrl } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';

const COMMANDS = [
  ...['demo', 'dev', 'issues', 'issue', 'tail', 'latency', 'status', 'migrate', 'doctor', 'raise-error'],
  ...['resolve', 'ignore', 'reopen', 'merge', 'split', 'undo', 'explain', 'regroup', 'dead-letters', 'promote'],
];

describe('help', { concurrency: 3 }, () => {
  for (const command of COMMANDS)
    test(`${command} --help has an example`, async (t) => {
      const { code, stdout } = await runCli(t, [command, '--help'], { dir: cliDir(t) });
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^Usage: rowtrace ${command} `));
      assert.match(stdout, new RegExp(`Examples:\\n {2}\\$ .*rowtrace ${command}`));
    });

  test('help that is asked for is fine, help for want of a command is not', async (t) => {
    for (const [args, code] of [
      [['help'], 0],
      [['help', 'issues'], 0],
      [['help', 'isues'], 2],
      [[], 2],
    ] as const)
      assert.equal((await runCli(t, [...args], { dir: cliDir(t) })).code, code, args.join(' '));
  });

  test('help finds a command of a command, and says what was meant', async (t) => {
    const dir = cliDir(t);
    for (const args of ['help keys create', 'keys help create', 'keys create --help', 'help keys create --help']) {
      const { code, stdout } = await runCli(t, args.split(' '), { dir });
      assert.equal(code, 0, args);
      assert.match(stdout, /^Usage: rowtrace keys create /, args);
    }
    for (const [args, unknown, see] of [
      ['help isues', "'isues' (Did you mean issues?)", ''],
      ['isues --help', "'isues' (Did you mean issues?)", ''],
      ['help keys lst', "'lst' (Did you mean list?)", 'keys '],
      ['keys lst --help', "'lst' (Did you mean list?)", 'keys '],
    ] as const) {
      const { code, stdout, stderr } = await runCli(t, args.split(' '), { dir });
      assert.deepEqual([code, stdout], [2, ''], args);
      assert.equal(stderr, `rowtrace: unknown command ${unknown}\n  fix: See \`rowtrace ${see}--help\`.\n`);
    }
  });

  test('what is wrong with a command leads to the help of that one', async (t) => {
    for (const args of ['issues --foo', 'resolve', 'dead-letters discard', 'regroup']) {
      const { code, stderr } = await runCli(t, args.split(' '), { dir: cliDir(t) });
      assert.equal(code, 2, args);
      assert.ok(stderr.endsWith(`\n  fix: See \`rowtrace ${args.split(' ')[0]} --help\`.\n`), stderr);
    }
  });

  test('rowtrace --help lists the commands and the exit codes, and nothing hidden', async (t) => {
    const { code, stdout } = await runCli(t, ['--help'], { dir: cliDir(t) });
    assert.equal(code, 0);
    for (const command of COMMANDS) assert.match(stdout, new RegExp(`\\n {2}${command} `));
    assert.match(stdout, /Exit codes:\n {2}0 {2}fine\n/);
    assert.doesNotMatch(stdout, /\n {2}owner/);
  });
});

describe('bad input', { concurrency: 3, timeout: 120_000 }, () => {
  type Case = [args: string[], env: NodeJS.ProcessEnv, code: number, stderr: RegExp];
  const cases: Case[] = [
    [['isues'], {}, 2, /^rowtrace: unknown command 'isues' \(Did you mean issues\?\)\n {2}fix: /],
    [['issues', '--jsn'], {}, 2, /unknown option '--jsn' \(Did you mean --json\?\)/],
    [['issues', '--since', 'yesterday-ish'], {}, 2, /'yesterday-ish' is invalid\. Expected a span like 30m/],
    [['issues', '--since', '999999d'], {}, 2, /'999999d' is invalid\. Expected a span like 30m/],
    [['issues', '--since', '0000-01-01'], {}, 2, /'0000-01-01' is invalid\. Expected a span like 30m/],
    [['ignore', 'API-1', '--until', '999999w'], {}, 2, /'999999w' is invalid\. Expected a span like 30m/],
    [['issues', '--level', 'BAD'], {}, 2, /'BAD' is invalid\. Expected one of DEBUG/],
    [['issues', '--limit', '-5'], {}, 2, /'-5' is invalid\. Expected a whole number from 1/],
    [['issues', '--sort', 'x'], {}, 2, /'x' is invalid\. Allowed choices are last, first, count, escalating/],
    [
      ['latency', ''],
      {},
      2,
      /'' is invalid for argument 'operation'\. Expected an operation as `rowtrace latency` shows it/,
    ],
    [['keys', 'create', ' '], {}, 2, /' ' is invalid for argument 'name'\. Expected a name that says/],
    [['issue'], {}, 2, /missing required argument 'issue'/],
    [['regroup'], {}, 2, /regroup changes nothing and only runs with --dry-run: .*\n {2}fix: /],
    [['regroup', '--dry-run', '--rules', 'none.json'], {}, 2, /The configuration file .*none\.json cannot be read/],
    [['dev'], {}, 2, /missing required argument 'command'/],
    [['dev', '--', 'no-such-program-anywhere'], {}, 2, /no-such-program-anywhere cannot be started: .*ENOENT/],
    [
      ['issues'],
      { ROWTRACE_DATABASE_URL: 'mysql://u:secret@h/d' },
      2,
      /ROWTRACE_DATABASE_URL = "?mysql:\/\/u:\*\*\*@h\/d.*not mysql/,
    ],
    [
      ['issues'],
      { ROWTRACE_LEVEL: 'LOUD' },
      2,
      /ROWTRACE_LEVEL = "LOUD" is not valid: expected one of DEBUG.*\n {2}fix: Correct the value/,
    ],
    [
      ['issues'],
      { ROWTRACE_SCHEMA: 'pg_x' },
      2,
      /ROWTRACE_SCHEMA = "pg_x" is not valid: expected a name that does not begin with pg_/,
    ],
    [['worker'], { ROWTRACE_QUEUE: '' }, 2, /option '--queue <url>' not specified/],
    [
      ['worker', '--queue', 'amqp://dog:secret@127.0.0.1:1', '--replay-dead'],
      { ROWTRACE_DATABASE_URL: 'postgres://127.0.0.1:1/kennel' },
      1,
      /^rowtrace: The queue at amqp:\/\/dog:\*\*\*@127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED.*\n {2}fix: Check host/,
    ],
    [['serve', '--rate-limit', '100000', '--queue', 'x'], {}, 2, /--queue/],
    [['serve', '--rate-limit', '0'], {}, 2, /--rate-limit.*whole number from 1 to 1000000000/],
    [['promote', '--to', 'foo'], {}, 2, /^rowtrace: Option --to = \*\*\* is not valid: .*postgres:/],
    ...['issues', 'status', 'migrate'].map(
      (command): Case => [
        [command],
        { ROWTRACE_ENDPOINT: 'http://127.0.0.1:4318' },
        2,
        /^rowtrace: The rows of this process go to the receiver at http:\/\/127\.0\.0\.1:4318.*\n {2}fix: Set ROWTRACE_DATABASE_URL/,
      ],
    ),
    [['issues'], { ROWTRACE_CONFIG: './none.json' }, 2, /The configuration file .*none\.json cannot be read/],
  ];
  for (const [args, env, code, stderr] of cases)
    test(`${Object.entries(env).flat().join('=')} ${args.join(' ')}`.trim(), async (t) => {
      const dir = join(cliDir(t), '.rowtrace');
      const result = await runCli(t, args, { dir, env });
      assert.match(result.stderr, stderr);
      assert.deepEqual([result.code, result.stdout], [code, '']);
      assert.doesNotMatch(result.stderr, /secret|\n\s+at /);
      assert.equal(ownerPid(dir), undefined, 'nothing was started for it');
    });

  test('a database that is not there', async (t) => {
    const env = { ROWTRACE_DATABASE_URL: `postgres://dog:secret@127.0.0.1:${await freePort()}/kennel` };
    const { code, stderr } = await runCli(t, ['issues'], { dir: cliDir(t), env });
    assert.equal(code, 3);
    assert.match(
      stderr,
      /^rowtrace: The database postgres:\/\/dog:\*\*\*@127\.0\.0\.1:\d+\/kennel cannot be reached: .*ECONNREFUSED.*\n {2}fix: Check host, port/,
    );
    const doctor = await runCli(t, ['doctor'], { dir: cliDir(t), env });
    assert.equal(doctor.code, 1);
    assert.match(doctor.stdout, /XX {2}database +The database .* cannot be reached/);
  });

  test('a queue without its client, which is an optional dependency', async (t) => {
    const hooks = `import { registerHooks } from 'node:module';
      const resolve = (name, context, next) => {
        if (name === 'amqplib') throw new Error('no amqplib');
        return next(name, context);
      };
      registerHooks({ resolve });`;
    const env = {
      ROWTRACE_DATABASE_URL: 'postgres://127.0.0.1:1/kennel',
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hooks)}`,
    };
    const args = ['worker', '--queue', 'amqp://127.0.0.1:1', '--replay-dead'];
    const { code, stderr } = await runCli(t, args, { dir: cliDir(t), env });
    const said =
      'rowtrace: The client of the queue is not installed (no amqplib).\n  fix: Run `npm install amqplib`.\n';
    assert.deepEqual([code, stderr], [1, said]);
  });

  test('a wrong password, a wrong database name', async (t) => {
    for (const url of [testServerUrl({ password: 'secret' }), testServerUrl({ database: 'no_such_kennel' })]) {
      const { code, stderr } = await runCli(t, ['tail', '--no-follow'], {
        dir: cliDir(t),
        env: { ROWTRACE_DATABASE_URL: url },
      });
      assert.equal(code, 3);
      assert.match(
        stderr,
        /^rowtrace: The database postgres:\/\/.*refused the connection: .*\n {2}fix: Check user, password and database name/,
      );
      assert.doesNotMatch(stderr, /secret|rowtrace-test/);
    }
  });

  test('a role without rights, and a schema that may not be migrated', async (t) => {
    const { url } = await databaseFor(t, 'empty');
    const role = `poor_${process.pid}_${Date.now()}`;
    await asSuperuser((client) => client.query(`create role ${role} login password 'pw'`));
    t.after(() => asSuperuser((client) => client.query(`drop role ${role}`)));
    const poor = new URL(url);
    poor.username = role;
    poor.password = 'pw';
    const env = { ROWTRACE_DATABASE_URL: poor.toString() };
    const refused = await runCli(t, ['migrate'], { dir: cliDir(t), env });
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /The role lacks a right on the database: permission denied.*\n {2}fix: Grant it/);
    const doctor = await runCli(t, ['doctor'], { dir: cliDir(t), env });
    assert.equal(doctor.code, 1);
    assert.match(doctor.stdout, /may not create schema rowtrace/);
    const off = await runCli(t, ['issues'], {
      dir: cliDir(t),
      env: { ROWTRACE_DATABASE_URL: url, ROWTRACE_MIGRATE: 'off' },
    });
    assert.equal(off.code, 3);
    assert.match(off.stderr, /The tables of schema rowtrace are missing .*\n {2}fix: Run `rowtrace migrate`/);
  });

  test('a folder that is a file', async (t) => {
    const dir = join(cliDir(t), 'taken');
    writeFileSync(dir, '');
    const { code, stderr } = await runCli(t, ['issues'], { dir });
    assert.equal(code, 3);
    assert.match(
      stderr,
      /^rowtrace: The folder .*taken cannot hold the embedded database: .*(EEXIST|ENOTDIR|not a directory).*\n {2}fix: .*ROWTRACE_DIR/,
    );
  });

  // Root may write everywhere.
  if (process.getuid?.() !== 0)
    test('a folder of somebody else', async (t) => {
      const dir = cliDir(t);
      chmodSync(dir, 0o555);
      t.after(() => chmodSync(dir, 0o700));
      for (const folder of [dir, join(dir, '.rowtrace')]) {
        const { code, stderr } = await runCli(t, ['issues'], { dir: folder });
        assert.equal(code, 3);
        assert.match(stderr, /cannot hold the embedded database: EACCES.*\n {2}fix: Give this user the right/);
      }
    });

  test('no folder is no journal that waits', async (t) => {
    const { url } = await databaseFor(t);
    const env = { ROWTRACE_DATABASE_URL: url };
    const { code, stderr } = await runCli(t, ['status'], { dir: join(cliDir(t), 'none'), env });
    assert.equal(code, 0, stderr);
    const tail = await runCli(t, ['tail', '--no-follow'], { dir: cliDir(t), env });
    assert.deepEqual([tail.code, tail.stderr], [0, 'rowtrace: no rows\n']);
  });

  test('ROWTRACE_DEBUG=1 shows where an error comes from', async (t) => {
    const dir = cliDir(t);
    mkdirSync(dir, { recursive: true });
    const { stderr } = await runCli(t, ['issues'], { dir, env: { ROWTRACE_DEBUG: '1', ROWTRACE_LEVEL: 'LOUD' } });
    assert.match(stderr, /\n {4}at .*options\.ts/);
  });
});

describe('output that nobody takes', () => {
  test('words that nobody reads change no exit code', async () => {
    const child = spawn(process.execPath, [MAIN, 'isues'], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.destroy();
    assert.deepEqual(await once(child, 'exit'), [2, null]);
  });

  test('a reader that has seen enough is no failure', async () => {
    const child = spawn(process.execPath, [MAIN, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    child.stderr.resume();
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });

  const canBeFull = existsSync('/dev/full');
  test('a full disk is said in one line', { skip: canBeFull ? false : 'needs /dev/full' }, async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [MAIN, '--help'], { stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    let said = '';
    child.stderr!.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    assert.deepEqual(await once(child, 'close'), [1, null]);
    assert.match(said, /^rowtrace: ENOSPC: no space left on device, write\n {2}fix: /);
    assert.doesNotMatch(said, /\n\s+at /);
  });
});
