// An application that talks to Postgres itself: its failed and slow queries are rows, Rowtrace's own never are; and a crash
// in the middle of a request knows its request.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Application } from '../support/application.ts';
import { databaseFor } from '../support/database.ts';

test("a failed query is one row with the true message, a slow one a WARNING, and only the application's own are", async (t) => {
  const { db, url: databaseUrl } = await databaseFor(t);
  const application = new Application(t, { app: 'web/pg.cjs', args: [databaseUrl], databaseUrl });
  const url = await application.url();
  for (const path of ['/dogs/1', '/dogs/2', '/missing', '/survived', '/slow'])
    await fetch(url + path).then((response) => response.text());
  await fetch(`${url}/crash/9`).catch(() => {});
  assert.equal((await application.ended()).code, 1);

  // level     type             code     message                                     route
  const expected = [
    ['CRITICAL', 'Error', null, 'crashed later', '/crash/:id'],
    ['ERROR', 'DatabaseError', '22012', 'division by zero', '/survived'],
    ['ERROR', 'DatabaseError', '42P01', 'relation "dogs_that_are_not_there" does not exist', '/missing'],
    ['WARNING', null, null, /^Slow db span SELECT postgresql/, '/slow'],
  ];
  const rows = await db.query<Record<string, unknown>>(`
    select level::text, error_type, error_code, message, route, request_id, tags from rowtrace.error_logs
    order by level::text, error_code`);
  assert.equal(rows.length, expected.length, JSON.stringify(rows, null, 1));
  for (const [at, [level, type, code, message, route]] of expected.entries()) {
    const row = rows[at]!;
    assert.deepEqual([row.level, row.error_type, row.error_code, row.route], [level, type, code, route]);
    if (message instanceof RegExp) assert.match(String(row.message), message);
    else assert.equal(row.message, message);
    assert.match(String(row.request_id), /^[0-9a-f-]{36}$/);
  }
  assert.match(String((rows[1]!.tags as Record<string, unknown>)['db.query.text']), /1 \/ 0/);
});

test("of durations, too, only the application's own queries are kept, each once", async (t) => {
  const { db, url: databaseUrl } = await databaseFor(t);
  const application = new Application(t, { app: 'web/pg.cjs', args: [databaseUrl], databaseUrl });
  const url = await application.url();
  for (const path of ['/dogs/1', '/dogs/2', '/missing', '/survived', '/slow'])
    await fetch(url + path).then((response) => response.text());
  application.child.stdin!.end();
  assert.equal((await application.ended()).code, 0);
  const queries = await db.query<{ operation: string; count: number }>(
    "select operation, sum(count)::int as count from rowtrace.latency_histograms where kind = 'db' group by 1 order by 1",
  );
  assert.deepEqual(queries, [{ operation: 'SELECT', count: 5 }]);
});
