import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classifyError, maskPasswords } from '../../../exporters/postgres/classify-error.ts';
import { RowtraceError } from '../../../src/errors.ts';

const context = { schema: 'rowtrace', database: 'postgres://me:hush@db.example/app' };
const failure = (code: string | undefined, message = 'as the server says') =>
  Object.assign(new Error(message), { code });

// what happened → kind
const RULES: [string, unknown, string][] = [
  ['connection refused', failure('ECONNREFUSED'), 'outage'],
  ['broken pipe', failure('EPIPE'), 'outage'],
  ['socket file gone', failure('ENOENT'), 'outage'],
  ['name not found', failure('ENOTFOUND'), 'outage'],
  ['no code at all', failure(undefined, 'Connection terminated unexpectedly'), 'outage'],
  ['pool exhausted', failure(undefined, 'timeout exceeded when trying to connect'), 'outage'],
  ['connection failure', failure('08006'), 'outage'],
  ['protocol violation', failure('08P01', 'server closed the connection'), 'outage'],
  ['too many connections', failure('53300'), 'outage'],
  ['disk full', failure('53100'), 'outage'],
  ['admin shutdown', failure('57P01'), 'outage'],
  ['cannot connect now', failure('57P03'), 'outage'],
  ['read-only (a standby)', failure('25006'), 'outage'],
  ['serialization failure', failure('40001'), 'outage'],
  ['deadlock', failure('40P01'), 'outage'],
  ['lock not available', failure('55P03'), 'outage'],
  ['I/O error', failure('58030'), 'outage'],
  ['internal error', failure('XX000'), 'outage'],
  ['statement timeout', failure('57014'), 'slow'],
  ['client-side timeout', failure(undefined, 'Query read timeout'), 'slow'],
  ['a partition was made under the row', failure('23514', 'violates partition constraint'), 'outage'],
  ['a check of the user’s own', Object.assign(failure('23514'), { constraint: 'no_dogs' }), 'poison'],
  ['NUL', failure('22021'), 'poison'],
  ['lone surrogate in jsonb', failure('22P02'), 'poison'],
  ['stack depth', failure('54001'), 'poison'],
  ['cardinality', failure('21000'), 'poison'],
  ['our own encoding', new TypeError('Converting circular structure to JSON'), 'poison'],
  ['wrong password', failure('28P01'), 'config'],
  ['no such database', failure('3D000'), 'config'],
  ['no right', failure('42501'), 'config'],
  ['no table', failure('42P01'), 'config'],
  ['no schema', failure('3F000'), 'config'],
  ['PgBouncer knows no such user', failure('08P01', 'no such user: x'), 'config'],
  ['no TLS', failure(undefined, 'The server does not support SSL connections'), 'config'],
  ['unknown certificate', failure('SELF_SIGNED_CERT_IN_CHAIN'), 'config'],
  ['certificate of an unknown CA', failure('UNABLE_TO_GET_ISSUER_CERT_LOCALLY'), 'config'],
  ['certificate of tomorrow', failure('CERT_NOT_YET_VALID'), 'config'],
  ['no file of the CA', new Error("ENOENT: no such file or directory, open '/ca.pem'"), 'config'],
  ['no socket', failure('ENOENT', 'connect ENOENT /run/.s.PGSQL.5432'), 'outage'],
  ['a handshake that broke', failure('ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC'), 'outage'],
  ['newer schema', new RowtraceError('RT_SCHEMA_NEWER', ['rowtrace', '9']), 'config'],
  ['not even an error', 'nonsense', 'outage'],
];

test('a database that takes too long is named, however that showed', () => {
  for (const error of [failure('57014', 'canceling statement'), failure(undefined, 'Query read timeout')])
    assert.match(
      classifyError(error, context).message,
      /^The database postgres:\S+ took longer than Rowtrace waits: \w/,
    );
});

for (const [what, error, kind] of RULES)
  test(`${what} is ${kind}`, () => {
    const classified = classifyError(error, context);
    assert.equal(classified.kind, kind);
    assert.doesNotMatch(classified.message, /hush/);
  });

test('a certificate that is not trusted is no wrong password', () => {
  for (const error of [failure('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), failure('ERR_TLS_CERT_ALTNAME_INVALID')])
    assert.match(classifyError(error, context).message, /is not trusted.*: as the server says\. Add sslrootcert=/);
});

test('config failures name the database and the fix', () => {
  const message = classifyError(failure('28P01', 'password authentication failed for user "me"'), context).message;
  assert.equal(
    message,
    'The database postgres://me:***@db.example/app refused the connection: password authentication failed for user "me". ' +
      'Check user, password and database name in ROWTRACE_DATABASE_URL; where it says "no encryption", add sslmode=verify-full.',
  );
  assert.match(
    classifyError(failure('42501', 'permission denied'), context).message,
    /permission denied.*rowtrace migrate/,
  );
});

test('passwords are masked in time that grows with the text', () => {
  for (const unit of ['a', 'a:', '://', 'a://b:', 'password=', "password='", 'password ', '@']) {
    const text = unit.repeat(Math.ceil(500_000 / unit.length));
    const start = process.cpuUsage();
    maskPasswords(text);
    assert.ok(process.cpuUsage(start).user < 2_000_000, unit);
  }
});

test('passwords are masked wherever they stand', () => {
  assert.equal(
    maskPasswords('at postgres://a:b@c@h/x and password=abc ok'),
    'at postgres://a:***@h/x and password=*** ok',
  );
});
