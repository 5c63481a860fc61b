// Databases whose own rules of upper and lower case are not those of ASCII, and whose encoding is not UTF-8.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createPostgresSink } from '../../exporters/postgres/postgres-sink.ts';
import { findIssue } from '../../src/query/issue.ts';
import { listIssues } from '../../src/query/issues.ts';
import { recentLogs } from '../../src/query/recent-logs.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { asSuperuser, testServerUrl } from '../support/database.ts';
import { errorLog } from '../support/rows.ts';
import { batch } from '../support/sinks.ts';

test('a Turkish database, where upper("i") is "İ", takes services of any name and finds their issues', async (t) => {
  const database = `rowtrace_test_${randomBytes(6).toString('hex')}`;
  const [server] = (
    await asSuperuser((client) => client.query(`select current_setting('server_version_num')::int as v`))
  ).rows;
  if (server.v < 150_000) return t.skip('a locale of a database by ICU needs Postgres 15 or newer');
  await asSuperuser((client) =>
    client.query(
      `create database ${database} template template0 encoding 'UTF8' locale_provider icu icu_locale 'tr-TR' locale 'C'`,
    ),
  );
  const db = openPostgres(testServerUrl({ database }));
  t.after(async () => {
    await db.close();
    await asSuperuser((client) => client.query(`drop database ${database} with (force)`));
  });
  const sink = createPostgresSink({ open: async () => ({ ...db, close: async () => {} }) });
  await sink.open();
  t.after(() => sink.close());
  const services = ['billing', 'rabbit-shop', 'kennel', 'İstanbul', 'ısı'];
  await sink.write(batch({ logs: services.map((service) => errorLog({ service })) }));
  const issues = await listIssues(db, 'rowtrace');
  assert.deepEqual(Object.fromEntries(issues.map(({ service, friendly_id }) => [service, friendly_id])), {
    billing: 'BILLING-1',
    kennel: 'KENNEL-1',
    'rabbit-shop': 'RABBITSHOP-1',
    İstanbul: 'STANBUL-1',
    ısı: 'S-1',
  });
  // Searched for in any case of any of its letters.
  await sink.write(batch({ logs: [errorLog({ service: 'billing', message: 'INVOICE: ÇOK geç İÇİN' })] }));
  for (const text of ['invoice', 'Invoice', 'INVOICE', 'çok GEÇ', 'için']) {
    assert.equal((await listIssues(db, 'rowtrace', { text })).length, 1, text);
    assert.equal((await recentLogs(db, 'rowtrace', { text })).length, 1, text);
  }
  for (const { id, friendly_id } of issues)
    for (const reference of [friendly_id, friendly_id.toLowerCase()])
      assert.equal(await findIssue(db, 'rowtrace', reference), id, reference);
});

for (const [encoding, works] of [
  ['LATIN1', false],
  ['SQL_ASCII', true],
] as const)
  test(`a database in ${encoding} ${works ? 'takes any text' : 'is refused, and what to do is said'}`, async (t) => {
    const database = `rowtrace_test_${randomBytes(6).toString('hex')}`;
    await asSuperuser((client) =>
      client.query(`create database ${database} template template0 encoding '${encoding}' lc_collate 'C' lc_ctype 'C'`),
    );
    const db = openPostgres(testServerUrl({ database }));
    t.after(async () => {
      await db.close();
      await asSuperuser((client) => client.query(`drop database ${database} with (force)`));
    });
    const sink = createPostgresSink({ open: async () => ({ ...db, close: async () => {} }) });
    t.after(() => sink.close());
    if (!works) {
      await assert.rejects(migrate(db), { code: 'RT_DATABASE_ENCODING', message: /LATIN1/, fix: /encoding 'UTF8'/ });
      await assert.rejects(sink.open(), { kind: 'config', message: /LATIN1/ });
      return;
    }
    await sink.open();
    const message = 'İnvoice “7” … 日本語 🐕';
    await sink.write(batch({ logs: [errorLog({ message })] }));
    const [row] = await recentLogs(db, 'rowtrace');
    assert.equal(row!.message, message);
  });
