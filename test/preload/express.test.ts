// Express 5, CommonJS and ESM, through every door of the preload: real requests, the rows they leave in Postgres.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Application } from '../support/application.ts';
import { databaseFor } from '../support/database.ts';

interface Row {
  level: string;
  type: string | null;
  message: string;
  route: string | null;
  status: number | null;
  [column: string]: unknown;
}

const CELLS = [
  ['web/express.cjs', '--import'],
  ['web/express.mjs', '--import'],
  ['web/express.cjs', '--require'],
  ['web/express.mjs', '--require'],
  ['web/express.cjs', 'NODE_OPTIONS'],
  ['web/express.mjs', 'NODE_OPTIONS'],
] as const;

// level    type        message         route                       status
const EXPECTED = [
  ['ERROR', 'DogError', 'no dog 7', '/dogs/:id', 500],
  ['ERROR', 'Error', 'busy', '/twice', 200],
  ['ERROR', 'Error', 'busy', '/twice', 200],
  ['ERROR', 'Error', 'busy', '/twice', 200],
  ['ERROR', 'Error', 'no price', '/wrapped', 500],
  ['ERROR', 'Error', 'out of stock', '/shop/:shop/items/:item', 500],
  ['ERROR', 'RangeError', 'cannot serve', '/logged', 500],
  ['ERROR', 'TypeError', 'rejected 8', '/rejects/:id', 500],
  ['ERROR', 'string', 'just text', '/string', 500],
  ['ERROR', null, 'GET /handled answered 500', '/handled', 500],
  ['WARNING', null, 'low on food', '/warned', 200],
];

for (const [app, door] of CELLS) {
  test(`${app} through ${door}: one row an exception, with route, status, latency and request id`, async (t) => {
    const { db, url: databaseUrl } = await databaseFor(t);
    const application = new Application(t, { app, door, databaseUrl });
    const url = await application.url();
    const ids = new Map<string, string>();
    for (const path of [
      '/dogs/7?token=hunter2',
      '/rejects/8',
      '/shop/9/items/1',
      '/logged',
      '/handled',
      '/string',
      '/warned',
      '/twice',
      '/wrapped',
      '/ok',
      '/none',
    ]) {
      const response = await fetch(url + path, { headers: path === '/handled' ? { 'x-request-id': 'mine-1' } : {} });
      await response.text();
      ids.set(path, response.headers.get('x-request-id') ?? 'no id');
    }
    assert.equal(ids.get('/handled'), 'mine-1', 'an id that came with the request is answered');
    assert.ok(
      [...ids.values()].every((id) => id.length > 5),
      'every answer has an id, error answers too',
    );
    await fetch(`${url}/stop`).then((response) => response.text());
    const ended = await application.ended();
    assert.equal(ended.code, 0);
    assert.equal(ended.said.length, 1, `one line of ours: ${ended.said.join('\n')}`);
    assert.match(ended.said[0] ?? '', /http.*express.*pino.*crashes.*console/);

    const rows = await db.query<Row>(`
      select level::text, error_type as type, message, route, http_status as status, request_id, latency_ms, trace_id, span_id,
             http_method, stack_trace, module, tags, function_name, service, release_version, message_template
      from rowtrace.error_logs order by level::text, error_type collate "C", message`);
    assert.deepEqual(
      rows.map(({ level, type, message, route, status }) => [level, type, message, route, status]),
      EXPECTED,
    );
    for (const row of rows) {
      assert.ok([...ids.values()].includes(String(row.request_id)), `request id of ${row.message}`);
      assert.equal(typeof row.latency_ms, 'number', `latency of ${row.message}`);
      assert.match(String(row.trace_id), /^[0-9a-f]{32}$/);
      assert.equal(row.http_method, 'GET');
      assert.ok(!JSON.stringify(row).includes('hunter2'), 'the token of the URL is masked');
    }
    const logged = rows.find((row) => row.type === 'RangeError');
    const tags = logged?.tags as Record<string, unknown> | undefined;
    assert.equal(tags?.vet_id, 12);
    assert.equal(tags?.['log.body'], 'and once more');
    assert.equal(logged?.module, 'kennel');
    const wrapped = rows.find((row) => row.message === 'no price');
    assert.match(String(wrapped?.stack_trace), /fetch failed[\s\S]*ECONNREFUSED|bad port/);

    const [ledger] = await db.query<{ accepted: number; stored: number; merged: number; dropped: object }>(
      'select accepted::int, stored::int, merged::int, dropped from rowtrace.ledger',
    );
    assert.equal(ledger?.stored, rows.length);
    assert.equal(ledger?.accepted, Number(ledger?.stored) + Number(ledger?.merged), 'the ledger closes');
    const latency = await db.query<{ operation: string; count: number }>(
      "select operation, count::int from rowtrace.latency(now() - interval '1 hour', now() + interval '1 hour') where kind = 'server' and operation in ('/dogs/:id', '/ok') order by 1",
    );
    assert.deepEqual(latency, [
      { operation: '/dogs/:id', count: 1 },
      { operation: '/ok', count: 1 },
    ]);
  });
}
