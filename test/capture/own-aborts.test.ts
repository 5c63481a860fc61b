// Calls that the application ends itself are no failures; those that break are.

import assert from 'node:assert/strict';
import { errorMonitor, once } from 'node:events';
import { type ClientRequest, createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { captureBench } from '../support/capture.ts';
import { drawn, journaled } from '../support/journaled.ts';

type Bench = ReturnType<typeof captureBench>;

/** "/never" gets no answer, "/part" half of one, "/broken" a closed connection. */
async function serve(t: TestContext): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/broken') request.socket.destroy();
    if (request.url === '/part') response.writeHead(200, { 'content-length': 100 }).write('half');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** As the instrumentation for http follows a request. */
function called(bench: Bench, url: string): ClientRequest {
  const span = bench.tracer.startSpan('GET', { kind: SpanKind.CLIENT, attributes: { 'http.request.method': 'GET' } });
  const request = get(url, { agent: false });
  const failed = (error: Error) => {
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    span.recordException(error);
    span.end();
  };
  request.on(errorMonitor, failed);
  request.on('response', (response) => response.on(errorMonitor, failed));
  return request;
}

for (const end of ['destroy', 'abort'] as const)
  test(`a request that the application ends with ${end}() before its answer is no row`, async (t) => {
    const url = await serve(t);
    const bench = captureBench();
    const request = called(bench, `${url}/never`);
    setTimeout(() => request[end](), 20);
    const [error] = await once(request, 'error').catch((thrown) => [thrown]);
    assert.equal(error.code, 'ECONNRESET');
    assert.deepEqual(bench.logs(), []);
  });

for (const [words, rows] of [
  ['This operation was aborted', []],
  ['The operation was aborted due to timeout', ['ERROR [canceled] The operation was aborted due to timeout']],
] as const)
  test(`a client of ConnectRPC destroys a request with an error of its own: ${words}`, async (t) => {
    const url = await serve(t);
    const bench = captureBench();
    const request = called(bench, `${url}/never`);
    // As ConnectError.from() makes it of the reason of a signal (@connectrpc/connect 2.2).
    const error = Object.assign(new Error(`[canceled] ${words}`), { name: 'ConnectError', code: 1 });
    setTimeout(() => request.destroy(error), 20);
    assert.equal((await once(request, 'error').catch((thrown) => [thrown]))[0], error);
    assert.deepEqual(
      bench.logs().map(({ level, message }) => `${level} ${message}`),
      rows,
    );
  });

test('nor one that it ends while the answer comes', async (t) => {
  const url = await serve(t);
  const bench = captureBench();
  const request = called(bench, `${url}/part`);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  request.destroy();
  await assert.rejects(once(response, 'close'), /aborted/);
  assert.deepEqual(bench.logs(), []);
});

test('a connection that breaks is one, and so is what the application destroys with an error of its own', async (t) => {
  const url = await serve(t);
  const bench = captureBench();
  const broken = called(bench, `${url}/broken`);
  await assert.rejects(once(broken, 'close'), /socket hang up/);
  broken.destroy();
  const own = called(bench, `${url}/never`);
  setTimeout(() => own.destroy(new Error('too late')), 20);
  await assert.rejects(once(own, 'close'), /too late/);
  assert.deepEqual(
    bench.logs().map(({ message }) => message),
    ['socket hang up', 'too late'],
  );
});

test('an abort that is thrown on is a failure of whoever throws it', async (t) => {
  const url = await serve(t);
  const bench = captureBench();
  const request = called(bench, `${url}/never`);
  setTimeout(() => request.destroy(), 20);
  const [error] = await once(request, 'error').catch((thrown) => [thrown]);
  const span = bench.tracer.startSpan('handler');
  span.recordException(error);
  span.end();
  assert.equal(bench.logs().length, 1);
});

test('words that a call was aborted with are a failure where another call fails of them later', async () => {
  const bench = captureBench();
  const failed = (reason: string) => {
    const span = bench.tracer.startSpan('GET', { kind: SpanKind.CLIENT });
    span.recordException(reason);
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  };
  const controller = new AbortController();
  controller.signal.addEventListener('abort', () => failed('timeout'));
  controller.abort('timeout');
  failed('timeout');
  assert.deepEqual(bench.logs(), [], 'of the call that was aborted');
  await new Promise(setImmediate);
  failed('timeout');
  assert.deepEqual(
    bench.logs().map(({ message }) => message),
    ['timeout'],
  );
});

test('calls that the application aborts by a signal are no rows, whatever the reason; timeouts and what is thrown on are', async (t) => {
  const { rows, stdout } = await journaled(
    t,
    `import express from 'express'; import http from 'node:http';
    const upstream = http.createServer((request, response) => {
      if (request.url === '/part') response.writeHead(200, { 'content-length': 100 }).write('half');
      if (request.url === '/broken') request.socket.destroy();
    }).listen(0);
    await new Promise((listening) => upstream.once('listening', listening));
    const url = 'http://127.0.0.1:' + upstream.address().port;
    const soon = (reason) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(...reason), 20);
      return controller.signal;
    };
    const get = (path, signal) => new Promise((ended, failed) => http
      .get(url + path, { signal, agent: false }, (answer) => answer.resume().on('error', failed).on('end', ended))
      .on('error', failed));
    const text = async (path, signal) => (await fetch(url + path, { signal })).text();
    const told = (call) => call.then(() => 'whole', (error) => console.log('told', error?.name ?? error));
    const calls = {};
    for (const [name, call] of [['get', get], ['fetch', text]]) {
      for (const path of ['/never', '/part']) {
        calls[name + path + ' no reason'] = () => told(call(path, soon([])));
        calls[name + path + ' error'] = () => told(call(path, soon([new Error('of no use any more')])));
        calls[name + path + ' words'] = () => told(call(path, soon(['of no use any more'])));
      }
      calls[name + ' either'] = () => told(call('/never', AbortSignal.any([soon([new Error('one of them')]), AbortSignal.timeout(60_000)])));
      calls[name + ' before'] = () => told(call('/never', AbortSignal.abort(new Error('from the first'))));
      calls[name + ' timeout'] = () => told(call('/never', AbortSignal.any([AbortSignal.timeout(20), new AbortController().signal])));
      calls[name + ' broken'] = () => {
        const controller = new AbortController();
        return told(call('/broken', controller.signal).finally(() => controller.abort(new Error('too late'))));
      };
      calls[name + ' thrown'] = () => call('/never', soon([new Error('thrown on')]));
    }
    const app = express();
    app.set('env', 'test');
    for (const [name, call] of Object.entries(calls))
      app.get('/' + name.replaceAll(/[ /]/g, '-'), async (request, response) => response.end(await call()));
    const server = app.listen(0);
    await new Promise((listening) => server.once('listening', listening));
    for (const name of Object.keys(calls)) {
      const port = server.address().port;
      await new Promise((ended) => http.get({ port, path: '/' + name.replaceAll(/[ /]/g, '-'), agent: false }, (answer) => answer.resume().on('end', ended)));
    }
    for (const one of [server, upstream]) { one.close(); one.closeAllConnections(); }`,
    { env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: '' } },
  );
  assert.equal(stdout.match(/^told /gm)?.length, 20, 'the application sees its aborts as before');
  assert.deepEqual(
    // Not the calls that ask the server, which know no route.
    drawn(rows.filter(({ route }) => route !== undefined)),
    [
      'ERROR The operation was aborted | /get-timeout | 200',
      'ERROR socket hang up | /get-broken | 200',
      'ERROR The operation was aborted | /get-thrown | 500',
      'ERROR The operation was aborted due to timeout | /fetch-timeout | 200',
      'ERROR other side closed | /fetch-broken | 200',
      'ERROR thrown on | /fetch-thrown | 500',
    ],
  );
});
