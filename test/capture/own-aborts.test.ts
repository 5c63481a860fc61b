// Calls that the application ends itself are no failures; those that break are.

import assert from 'node:assert/strict';
import { errorMonitor, once } from 'node:events';
import { type ClientRequest, createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { captureBench } from '../support/capture.ts';

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
