// What `doctor` says of a role that owns nothing, and that the grants it names (docs/postgres.md) are all that is needed.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createPostgresSink } from '../../exporters/postgres/postgres-sink.ts';
import { checkDatabase } from '../../src/cli/doctor/database.ts';
import { loadOptions } from '../../src/options/options.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { asSuperuser, databaseFor, testServerUrl } from '../support/database.ts';
import { errorLog } from '../support/rows.ts';
import { batch } from '../support/sinks.ts';

test('doctor names each right that is missing, and with what it names a role stores, counts and drops rows', async (t) => {
  const { url, db } = await databaseFor(t);
  const database = new URL(url).pathname.slice(1);
  const role = `role_${randomBytes(4).toString('hex')}`;
  await asSuperuser((client) => client.query(`create role ${role} login password 'pw'`));
  // Behind that of the database; where that is kept, its grants keep the role.
  t.after(() => asSuperuser((client) => client.query(`drop role ${role}`)).catch(() => undefined));
  const databaseUrl = testServerUrl({ database, user: role, password: 'pw' });
  const rights = async () =>
    (await checkDatabase(loadOptions({ databaseUrl })))
      .filter(({ name }) => name === 'rights')
      .map(({ state, text, fix }) => `${state} ${text}. ${fix}`);
  await db.query(`grant usage on schema rowtrace to ${role}; grant select on all tables in schema rowtrace to ${role}`);
  const tables = `Grant select, insert, update, delete on all tables and usage on all sequences in schema rowtrace.`;
  assert.deepEqual(await rights(), [
    `problem role ${role} lacks insert on dead_letters and 72 more: it cannot store rows. ${tables}`,
  ]);
  await db.query(`grant select, insert, update, delete on all tables in schema rowtrace to ${role}`);
  assert.deepEqual(await rights(), [
    `problem role ${role} lacks usage on issues_id_seq: it cannot store rows. ${tables}`,
  ]);
  await db.query(`grant usage on all sequences in schema rowtrace to ${role}`);
  assert.deepEqual(await rights(), [
    `warning role ${role} may not drop what is older than keepDays, and nobody else does unless its role may. Grant execute on function rowtrace.apply_retention.`,
  ]);
  await db.query(`grant execute on function rowtrace.apply_retention to ${role}`);
  assert.deepEqual(await rights(), []);

  const sink = createPostgresSink({ open: async () => openPostgres(databaseUrl), foldEveryMillis: 3_600_000 });
  t.after(() => sink.close());
  await sink.open();
  await sink.write(batch({ logs: [errorLog()] }));
  const other = openPostgres(databaseUrl);
  t.after(() => other.close());
  await other.query('select rowtrace.fold_issue_deltas()');
  await other.query('select rowtrace.roll_up_latency()');
  await other.query('select rowtrace.apply_retention(1, 1, 1, 1)');
  assert.deepEqual(await db.query('select count from rowtrace.issue_list'), [{ count: 1 }]);
});
