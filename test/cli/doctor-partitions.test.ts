// What `doctor` says where days are neither made nor dropped, of which nobody else says anything.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDatabase } from '../../src/cli/doctor/database.ts';
import { loadOptions } from '../../src/options/options.ts';
import { databaseFor } from '../support/database.ts';

test('doctor says that no day is made or dropped any more, and with which statement the reason is found', async (t) => {
  const { url, db } = await databaseFor(t);
  const found = async (keepDays: Record<string, number>) =>
    (
      await checkDatabase({
        ...loadOptions({ databaseUrl: url }),
        keepDays: { ...loadOptions({}).keepDays, ...keepDays },
      })
    )
      .filter(({ name }) => name === 'partitions' || name === 'drift')
      .map(({ state, text, fix }) => `${state} ${text}. ${fix}`);
  assert.deepEqual(await found({ errors: 30 }), []);

  await db.query(`select rowtrace.make_partition(
    'error_logs', 'created_at', 'error_logs_20200101', '2020-01-01 00:00+00', '2020-01-02 00:00+00', false)`);
  await db.query('create view public.first_day as select * from rowtrace.error_logs_20200101');
  assert.deepEqual(await found({ errors: 0 }), []);
  const [overdue] = await found({ errors: 30 });
  assert.match(
    overdue!,
    /^warning error_logs has days from 2020-01-01 on, and keepDays is 30\. .*: select rowtrace\.apply_retention\(30, 0, 0, 0\);$/,
  );
  await assert.rejects(db.query('select rowtrace.apply_retention(30, 0, 0, 0)'), /first_day|other objects depend/);
  await db.query('drop view public.first_day; select rowtrace.apply_retention(30, 0, 0, 0)');
  assert.deepEqual(await found({ errors: 30 }), []);

  const days = await db.query<{ name: string }>(
    `select relname as name from pg_class where relname ~ '^error_logs_[0-9]{8}$' and right(relname, 8) > to_char(now() at time zone 'UTC', 'YYYYMMDD')`,
  );
  for (const { name } of days) await db.query(`drop table rowtrace.${name}`);
  const [none] = await found({});
  assert.match(none!, /^warning error_logs has none for tomorrow: .* select rowtrace\.ensure_partitions\(\);$/);

  await db.query('drop table rowtrace.error_logs_default');
  assert.deepEqual(await found({}), [
    'problem Table error_logs_default is missing.. Undo the change, or drop the schema and migrate anew.',
  ]);
});
