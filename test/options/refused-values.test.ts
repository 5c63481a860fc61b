// Values that look right and would do harm: refused, with what to do instead, and no password in the words.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeOptions, loadOptions, maskSecret } from '../../src/options/options.ts';
import { quoteName } from '../../src/store/identifiers.ts';

test('a promoted column is none of the columns that every row has', () => {
  for (const name of ['user_id', 'fingerprint', 'weight', 'ctid'])
    assert.throws(() => loadOptions({ columns: { [name]: 'text' } }, {}), {
      code: 'RT_OPTION_INVALID',
      message: new RegExp(`${name} is a column of every row already; expected another name`),
    });
  assert.throws(() => loadOptions({}, { ROWTRACE_COLUMNS: 'vet_id=integer,message=text' }), /message is a column/);
});

test('a schema has no name that Postgres keeps for itself; a column may', () => {
  for (const schema of ['pg_x', 'pg_catalog', 'pg_temp_1']) {
    const expected = {
      code: 'RT_OPTION_INVALID',
      message: /schema.*expected a name that does not begin with pg_: those are Postgres' own/i,
    };
    assert.throws(() => loadOptions({ schema }, {}), expected);
    assert.throws(() => loadOptions({}, { ROWTRACE_SCHEMA: schema }), expected);
    assert.throws(() => quoteName(schema), expected);
  }
  assert.equal(loadOptions({ schema: 'pgx' }, {}).schema, 'pgx');
  assert.equal(quoteName('pg_host', 'columns'), '"pg_host"');
  assert.deepEqual(loadOptions({ columns: { pg_host: 'text' } }, {}).columns, { pg_host: 'text' });
});

test('the address of a receiver holds no password, and none is shown', () => {
  const endpoint = 'https://bob:hunter2@rowtrace.example:4318';
  for (const load of [() => loadOptions({ endpoint }, {}), () => loadOptions({}, { ROWTRACE_ENDPOINT: endpoint })])
    assert.throws(load, (error: Error & { code: string }) => {
      assert.equal(error.code, 'RT_OPTION_INVALID');
      assert.match(error.message, /expected no user and password in it: the key of a receiver is apiKey/);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
});

test('an address in which a password may stand anywhere is not shown at all', () => {
  for (const [name, value] of [
    ['databaseUrl', 'rex:hunter2@localhost:5432/db'],
    ['databaseUrl', 'localhost:5432/db?user=rex&pwd=hunter2'],
    ['databaseUrl', 'mysql://rex:1#hunter2@localhost/db'],
    ['endpoint', 'http://rex:hunter2/w@host:4318'],
    ['endpoint', 'rex:hunter2@host:4318'],
  ] as const)
    assert.throws(
      () => loadOptions({ [name]: value }, {}),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'RT_OPTION_INVALID');
        assert.ok(error.message.includes(`Option ${name} = *** is not valid`), error.message);
        return true;
      },
    );
  for (const [given, shown] of [
    [
      'postgres://u:x@h/d?sslpassword=x&pwd=y&sslmode=require',
      'postgres://u:***@h/d?sslpassword=***&pwd=***&sslmode=require',
    ],
    ['postgres://u:1#x@h/d', '***'],
    ['amqps://u:x@mq:5671/v', 'amqps://u:***@mq:5671/v'],
    ['https://host:4318/', 'https://host:4318/'],
  ] as const)
    assert.equal(maskSecret(given), shown);
});

test('keys are shown by no letter, with a colon in them, too', () => {
  const options = loadOptions(
    { apiKey: 'k:secret', userIdKey: 'https://9f8e7d6c5b4a/', databaseUrl: 'postgres://u:x@h/d' },
    {},
  );
  const { apiKey, userIdKey, databaseUrl } = describeOptions(options);
  assert.deepEqual([apiKey, userIdKey, databaseUrl], ['***', '***', 'postgres://u:***@h/d']);
});
