// What the database said, as a person gets it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainDatabaseError } from '../../src/cli/explain-error.ts';
import type { RowtraceError } from '../../src/errors.ts';
import { loadOptions } from '../../src/options/options.ts';
import { cliDir, eventually, runCli, startCli } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';
import { insertLog } from '../support/rows.ts';

const failure = (code: string | undefined, message: string) => Object.assign(new Error(message), { code });

test('each failure of a database has its code', () => {
  const options = loadOptions({ databaseUrl: 'postgres://me:hush@db.example/app' }, {});
  for (const [error, code] of [
    [failure('57014', 'canceling statement due to statement timeout'), 'RT_DATABASE_SLOW'],
    [failure('55P03', 'canceling statement due to lock timeout'), 'RT_DATABASE_SLOW'],
    [failure('57P01', 'terminating connection due to administrator command'), 'RT_DATABASE_UNREACHABLE'],
    [failure(undefined, 'Query read timeout'), 'RT_DATABASE_UNREACHABLE'],
    [failure('ECONNREFUSED', 'connect'), 'RT_DATABASE_UNREACHABLE'],
    [failure('28P01', 'password authentication failed'), 'RT_DATABASE_REFUSED'],
    [failure('42P01', 'relation does not exist'), 'RT_SCHEMA_MISSING'],
    [failure('UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'), 'RT_DATABASE_TLS'],
    [failure('ERR_TLS_CERT_ALTNAME_INVALID', 'Hostname/IP does not match'), 'RT_DATABASE_TLS'],
    [failure(undefined, 'The server does not support SSL connections'), 'RT_DATABASE_TLS'],
    [failure(undefined, 'Client has encountered a connection error and is not queryable'), 'RT_DATABASE_UNREACHABLE'],
    // Another server at that port, MariaDB for one.
    [failure(undefined, 'Received unexpected copyData message from backend.'), 'RT_DATABASE_UNREACHABLE'],
  ] as const) {
    const explained = explainDatabaseError(error, options) as RowtraceError;
    assert.equal(explained.code, code, error.message);
    assert.equal(explained.cause, error);
    assert.doesNotMatch(explained.message, /hush/);
  }
  const sentence = explainDatabaseError(failure('ECONNRESET', 'It went away.'), options) as RowtraceError;
  assert.match(sentence.message, /cannot be reached: It went away\.$/, 'one dot ends a sentence');
  const own = failure('22012', 'division by zero');
  assert.equal(explainDatabaseError(own, options), own);
});

test('a lock that is held is no database that is away: a command says so, tail looks again', async (t) => {
  const { db, url } = await databaseFor(t);
  await insertLog(db, 'before');
  const env = { ROWTRACE_DATABASE_URL: url };
  const tail = startCli(t, ['tail'], { dir: cliDir(t), env });
  await eventually(() => tail.stdout.includes('before'));
  await db.transaction(async (tx) => {
    await tx.query('lock table rowtrace.error_logs, rowtrace.issues in access exclusive mode');
    const { code, stderr } = await runCli(t, ['issues'], { dir: cliDir(t), env });
    assert.equal(code, 3);
    assert.match(
      stderr,
      /^rowtrace: The database postgres:\/\/.* took longer than Rowtrace waits: .*lock timeout\.\n {2}fix: .*--since.*lock/,
    );
    await eventually(() => tail.stderr.includes('took longer than Rowtrace waits'));
  });
  await insertLog(db, 'after');
  await eventually(() => tail.stdout.includes('after'));
  assert.doesNotMatch(tail.stderr, /away/);
  tail.process.kill('SIGINT');
  await tail.ended;
});
