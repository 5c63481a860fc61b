// A process with ROWTRACE_ENDPOINT: no database of its own, its journal goes to a receiver, with the same promises.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createHttpSink } from '../../../exporters/http/index.ts';
import { createPostgresSink } from '../../../exporters/postgres/index.ts';
import { emptyBatch, type Sink, SinkError } from '../../../src/deliver/sink.ts';
import { Application } from '../../support/application.ts';
import { receiverFor } from '../../support/receiver.ts';
import { errorCount, errorLog, histogram } from '../../support/rows.ts';

/** A receiver that takes batches, and writes them where its other rows go. */
async function receiverWithBatches(t: TestContext) {
  let real: Sink | undefined;
  const sink: Sink = {
    open: () => real!.open(),
    write: (batch) => real!.write(batch),
    deadLetter: (letters) => real!.deadLetter(letters),
    close: async () => {},
  };
  const receiver = await receiverFor(t, {}, { sink });
  const { db } = receiver;
  real = createPostgresSink({ open: async () => ({ ...db, close: async () => {} }) });
  t.after(() => real!.close());
  const messages = async () => {
    const rows = await db.query<{ message: string }>('select message from rowtrace.error_logs order by message');
    return rows.map(({ message }) => message);
  };
  return { ...receiver, messages };
}

test('an application ships to the receiver what it caught before it ended', async (t) => {
  const { url, messages } = await receiverWithBatches(t);
  const application = new Application(t, { app: 'ends/throw.cjs', env: { ROWTRACE_ENDPOINT: url } });
  const { code, said } = await application.ended();
  assert.equal(code, 1);
  assert.match(said.join(), new RegExp(`→ ${url}`));
  const stored = await messages();
  assert.equal(stored.length, 1, said.join('\n'));
});

test('a batch that is sent twice is stored once; what the tables refuse is told as such', async (t) => {
  const { url, messages } = await receiverWithBatches(t);
  const sink = createHttpSink({ endpoint: url });
  await sink.open();
  const batch = { ...emptyBatch(), logs: [errorLog({ message: 'one' }), errorLog({ message: 'two' })] };
  assert.deepEqual(await sink.write(batch), { insertedLogs: 2, duplicateLogs: 0 });
  assert.deepEqual(await sink.write(batch), { insertedLogs: 0, duplicateLogs: 2 });
  await sink.deadLetter([{ kind: 'log', reason: 'no row', raw: '{"k":"log"}', occurrences: 1 }]);
  const bad = { ...emptyBatch(), logs: [errorLog({ created_at: Number.NaN as number })] };
  await assert.rejects(sink.write(bad), (error) => error instanceof SinkError && error.kind === 'poison');
  assert.deepEqual(await messages(), ['one', 'two']);
});

test('a receiver that is not there is an outage; one that takes no batches, a matter for a person', async (t) => {
  const kindOf = (endpoint: string) =>
    createHttpSink({ endpoint, timeoutMillis: 2_000 })
      .open()
      .then(
        () => undefined,
        (error) => (error as SinkError).kind,
      );
  assert.equal(await kindOf('http://127.0.0.1:1'), 'outage');
  const { url } = await receiverFor(t);
  assert.equal(await kindOf(url), 'config');
});

test('an answer of somebody else is no receipt, whatever its status', async (t) => {
  let answer = '';
  const server = createServer((_request, response) => void response.end(answer));
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
  t.after(() => server.close());
  const sink = createHttpSink({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  const batch = { ...emptyBatch(), logs: [errorLog()] };
  for (answer of ['', '{}', 'null', '[]', '<html>Sign in</html>', '{"status":"ok"}'])
    for (const call of [() => sink.open(), () => sink.write(batch)])
      await assert.rejects(call, (error) => {
        assert.ok(error instanceof SinkError && error.kind === 'config', `${answer}: ${error}`);
        return /ROWTRACE_ENDPOINT is a Rowtrace receiver/.test(error.message);
      });
  answer = '<html>Sign in</html>';
  const letter = { kind: 'log', reason: 'no row', raw: '{"k":"log"}', occurrences: 1 } as const;
  await assert.rejects(sink.deadLetter([letter]), (error) => error instanceof SinkError && error.kind === 'config');
  answer = '{"insertedLogs":1,"duplicateLogs":0}';
  assert.deepEqual(await sink.write(batch), { insertedLogs: 1, duplicateLogs: 0 });
});

test('only a receiver says that data is bad: what a proxy refuses waits, what it finds too large is split', async (t) => {
  let status = 400;
  let answer = '';
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(status).end(answer));
  });
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
  t.after(() => server.close());
  const sink = createHttpSink({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  const kindOf = (...logs: ReturnType<typeof errorLog>[]) =>
    sink.write({ ...emptyBatch(), logs }).then(
      () => undefined,
      (error) => (error as SinkError).kind,
    );
  const one = errorLog();
  const both = [errorLog(), errorLog()];
  answer = '<html><h1>400 Bad Request</h1>nginx</html>';
  for (status of [400, 422]) assert.equal(await kindOf(one), 'config');
  status = 413;
  assert.deepEqual([await kindOf(...both), await kindOf(one)], ['slow', 'poison']);
  const { event_id, created_at } = both[0]!;
  const absorbed = [{ event_id, created_at, into: one.event_id, process: 'p' }];
  await assert.rejects(sink.write({ ...emptyBatch(), logs: [one], absorbed }), { kind: 'poison' });
  answer = '{"code":3,"message":"this is no batch"}';
  for (status of [400, 422]) assert.equal(await kindOf(one), 'poison');
});

test('what is no batch is refused, and nothing of it is stored', async (t) => {
  const { post, messages } = await receiverWithBatches(t);
  const headers = { 'content-type': 'application/json' };
  for (const body of [
    '',
    '[]',
    '{"v":1}',
    '{"v":2,"batch":{}}',
    '{"v":1,"batch":{"logs":[7]}}',
    '{"v":1,"batch":{"__proto__":[]}}',
    '{"v":1,"letters":[{}]}',
    '{"v":1,"letters":[{"kind":"log","reason":"x","raw":7}]}',
    // One of these would end every later query of all.
    ...[
      { ledgers: [{ accepted: 1, merged: 0, dropped: { x: 'abc' } }] },
      { ledgers: [{ accepted: 1e300, merged: 0, dropped: {} }] },
      { counts: [errorCount({ routes: { '/r': 'x' as never } })] },
      { counts: [errorCount({ count: -1 })] },
      { histograms: [histogram({ offset: 2_147_483_647 })] },
      { histograms: [histogram({ scale: 30_000 })] },
    ].map((batch) => JSON.stringify({ v: 1, batch })),
  ])
    assert.equal((await post('/api/v1/batches', body, headers)).status, 400, body);
  assert.equal(({} as Record<string, unknown>).logs, undefined);
  assert.deepEqual(await messages(), []);
});

test('a batch that JSON.parse would make too much of is refused before; one of 10,000 rows is not', async (t) => {
  let rows = 0;
  const sink: Sink = {
    open: async () => {},
    write: async ({ logs }) => {
      rows += logs.length;
      return {} as never;
    },
    deadLetter: async () => {},
    close: async () => {},
  };
  const { post } = await receiverFor(t, {}, { sink });
  const send = async (body: string) =>
    (await post('/api/v1/batches', body, { 'content-type': 'application/json' })).status;
  const tags = (inner: string) => `{"v":1,"batch":{"logs":[{"tags":{"a":${inner}},"promoted":{}}]}}`;
  assert.equal(await send(tags(`[${'{},'.repeat(2_000_000)}{}]`)), 413);
  assert.equal(await send(tags(`${'['.repeat(200)}${']'.repeat(200)}`)), 400);
  assert.equal(rows, 0);
  const crumbs = Array.from({ length: 20 }, (_, t) => ({ t, what: 'GET /dogs' }));
  const logs = Array.from({ length: 10_000 }, () => errorLog({ breadcrumbs: crumbs, tags: { dog: { id: [7] } } }));
  assert.equal(await send(JSON.stringify({ v: 1, batch: { logs } })), 200);
  assert.equal(rows, 10_000);
});

test('a sink that could not be opened once is opened anew by the next batch', async (t) => {
  let opened = 0;
  const sink: Sink = {
    open: async () => {
      if (++opened === 1) throw new SinkError('slow', 'query read timeout');
    },
    write: async () => ({ stored: 0, duplicates: 0 }) as never,
    deadLetter: async () => {},
    close: async () => {},
  };
  const { post } = await receiverFor(t, {}, { sink });
  const send = async () =>
    (await post('/api/v1/batches', '{"v":1,"batch":{}}', { 'content-type': 'application/json' })).status;
  assert.deepEqual([await send(), await send(), opened], [408, 200, 2]);
});
