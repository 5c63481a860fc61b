// Four ways to be slow in a real application, each reported as what it is; a request that hangs is reported while it hangs,
// and completed when it ends.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Application } from '../support/application.ts';
import { databaseFor } from '../support/database.ts';

interface Row {
  message: string;
  message_template: string;
  level: string;
  route: string | null;
  http_status: number | null;
  latency_ms: number | null;
  tags: Record<string, unknown>;
}

test('a hung request, a blocked loop, a slow query and a slow outgoing call are told apart', async (t) => {
  const { db, url: databaseUrl } = await databaseFor(t);
  const application = new Application(t, {
    app: 'slow/app.cjs',
    args: [databaseUrl],
    databaseUrl,
    env: {
      ROWTRACE_SLOW_SERVER_MILLIS: '700',
      ROWTRACE_SLOW_CLIENT_MILLIS: '800',
      ROWTRACE_SLOW_DB_MILLIS: '600',
      ROWTRACE_STILL_RUNNING_FACTOR: '2',
    },
  });
  const url = await application.url();
  const get = (path: string) => fetch(url + path).then((response) => response.text());
  const hung = get('/hung/7');
  const rowsOf = (condition: string) =>
    db.query<Row>(`select message, message_template, level::text, route, http_status, latency_ms, tags
      from rowtrace.error_logs where ${condition} order by created_at`);
  // While it hangs: the row is there although the request has not ended.
  let running: Row | undefined;
  while (running === undefined) {
    [running] = await rowsOf("message like 'Still running: server%'");
    await new Promise((turn) => setTimeout(turn, 50));
  }
  assert.match(
    running.message,
    /^Still running: server span GET \/hung\/:id, for \d+ ms \(limit 700 ms\); it waits for client GET 127\.0\.0\.1:\d+ for \d+ ms$/,
  );
  assert.deepEqual([running.level, running.http_status, running.latency_ms], ['WARNING', null, null]);
  assert.equal(running.tags['rowtrace.slow.judge'], 'running');
  assert.ok(Number(running.tags['rowtrace.slow.loop_delay_ms']) >= 0, 'the delay of the event loop');
  assert.match(
    JSON.stringify(running.tags['rowtrace.slow.waits_for']),
    /^\["client GET 127\.0\.0\.1:\d+ for \d+ ms"\]$/,
  );

  await get('/release');
  await hung;
  for (const path of ['/blocked', '/db', '/outgoing', '/stop']) await get(path);
  assert.equal((await application.ended()).code, 0);

  const [completed, ...again] = await rowsOf("route = '/hung/:id' and message like '%server span%'");
  assert.deepEqual(again, [], 'it was reported once');
  assert.equal(completed!.http_status, 200);
  assert.ok(completed!.latency_ms! >= 1400, `${completed!.latency_ms}`);
  assert.equal(completed!.tags['rowtrace.slow.duration_ms'], completed!.latency_ms);
  const { 'rowtrace.slow.children': children } = completed!.tags['rowtrace.slow.at_end'] as Record<string, string[]>;
  assert.match(children!.join(), /^client GET 127\.0\.0\.1:\d+: \d{4,} ms$/, 'where its time went');

  const words = async (route: string) => {
    const rows = await rowsOf(`route = '${route}' and message like 'Slow server span%'`);
    assert.equal(rows.length, 1, route);
    assert.equal(rows[0]!.message_template, `Slow server span GET ${route}`);
    return rows[0]!;
  };
  const blocked = await words('/blocked');
  assert.match(blocked.message, /; the event loop was blocked for \d{3,} ms of it$/);
  assert.ok(Number(blocked.tags['rowtrace.slow.loop_blocked_ms']) >= 800);
  const query = await words('/db');
  assert.match(query.message, /; \d{3,} ms in db SELECT/i);
  assert.match(JSON.stringify(query.tags['rowtrace.slow.children']), /db SELECT.*: \d{3,} ms/i);
  assert.match((await words('/outgoing')).message, /; \d{3,} ms in client GET 127\.0\.0\.1:\d+$/);
  const calls = await rowsOf("message like 'Slow db span%' or message like 'Slow client span%'");
  assert.deepEqual(
    calls
      .filter(({ route }) => route !== '/hung/:id')
      .map(({ route, message_template }) => [route, message_template.replace(/(?::\d+| rowtrace_test_\w+)$/, '')]),
    [
      ['/db', 'Slow db span SELECT postgresql'],
      ['/outgoing', 'Slow client span GET http 127.0.0.1'],
    ],
  );
});

test('a process reads what is usual for its operations, and judges them by it; unless that is switched off', async (t) => {
  const { db, url: databaseUrl } = await databaseFor(t);
  await db.query(
    `insert into rowtrace.latency_baselines (hour, service, environment, kind, operation, http_method, source, count, hours, p50_ms, p90_ms, p99_ms)
     select date_trunc('hour', now()), service, 'test', 'server', '/db', 'GET', 'week', 1200, 4, 5, 10, 20
     from unnest('{kennel,unjudged,other}'::text[]) service`,
  );
  const start = (service: string, more: Record<string, string> = {}) => {
    const env = {
      ROWTRACE_SERVICE: service,
      ROWTRACE_ENVIRONMENT: 'test',
      ROWTRACE_SLOW_SERVER_MILLIS: '60000',
      ...more,
    };
    return new Application(t, { app: 'slow/app.cjs', args: [databaseUrl], databaseUrl, env });
  };
  // First, so that it would have its row first.
  const unjudged = start('unjudged', { ROWTRACE_SLOW_BASELINE: 'false' });
  const elsewhere = await unjudged.url();
  const application = start('kennel');
  const url = await application.url();
  let row: Row | undefined;
  while (row === undefined) {
    for (const base of [elsewhere, url]) await fetch(`${base}/db`).then((response) => response.text());
    [row] = await db.query<Row>(
      `select message, message_template, level::text, route, http_status, latency_ms, tags
       from rowtrace.error_logs where message like 'Slow server span%' and service = 'kennel'`,
    );
  }
  assert.match(
    row.message,
    /^Slow server span GET \/db: \d+ ms \(usually 5 ms, 99 % under 20 ms\); \d+ ms in db SELECT/i,
  );
  assert.equal(row.tags['rowtrace.slow.judge'], 'baseline');
  assert.equal(row.tags['rowtrace.slow.usual_ms'], 5);
  for (const base of [elsewhere, url]) await fetch(`${base}/stop`).then((response) => response.text());
  for (const ended of [unjudged, application]) assert.equal((await ended.ended()).code, 0);
  const of = await db.query<{ message: string }>(
    "select distinct message_template as message from rowtrace.error_logs where service = 'unjudged'",
  );
  assert.deepEqual(
    of.map(({ message }) => message.replace(/ rowtrace_test_\w+$/, '')),
    ['Slow db span SELECT postgresql'],
    'its queries are over their limit, its requests are not judged',
  );
});
