// ConnectRPC: what procedures throw, unary and streamed; codes that are the client's fault, and a client that is gone, no rows. The
// routers of the package in memory; in a process of its own, on servers: test/preload/frameworks-connectrpc.test.ts.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import * as connect from '@connectrpc/connect';
import { createUniversalHandlerClient } from '@connectrpc/connect/protocol';
import { createTransport } from '@connectrpc/connect/protocol-connect';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { getRPCMetadata, RPCType, setRPCMetadata } from '@opentelemetry/core';
import { hookConnectrpc } from '../../../src/capture/frameworks/connectrpc.ts';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { captureBench } from '../../support/capture.ts';

type Get = (message: unknown, call: connect.HandlerContext) => Promise<{ value: string }>;

const { Code } = connect;
const load = createRequire(import.meta.url);
const service = load('../../fixtures/apps/frameworks/connectrpc.service.cjs');
const bench = captureBench();
const LIMITS = {
  readMaxBytes: 1e6,
  writeMaxBytes: 1e6,
  compressMinBytes: 1e6,
  acceptCompression: [],
  sendCompression: null,
};

/** @returns what the caller gets, and the route of its request */
async function call(
  makeRouter: typeof connect.createConnectRouter,
  get: Get,
  interceptors: connect.Interceptor[] = [],
  timeoutMs?: number,
): Promise<[answer: string, route: string]> {
  const router = makeRouter({ interceptors }).service(service, {
    get,
    async *list(message: unknown, asked: connect.HandlerContext) {
      yield { value: 'Rex' };
      yield await get(message, asked);
    },
  } as never);
  const httpClient = createUniversalHandlerClient(router.handlers);
  const options = { baseUrl: 'https://kennel.example', useBinaryFormat: true, interceptors: [], ...LIMITS };
  const dogs = connect.createClient(service, createTransport({ httpClient, ...options })) as never as {
    get(message: object, options: object): Promise<{ value: string }>;
    list(message: object, options: object): AsyncIterable<{ value: string }>;
  };
  const span = bench.tracer.startSpan('POST', { kind: SpanKind.SERVER });
  const active = setRPCMetadata(trace.setSpan(context.active(), span), { type: RPCType.HTTP, span });
  const answer = await context.with(active, async () => {
    try {
      const told = timeoutMs === undefined ? await dogs.get({}, {}) : undefined;
      if (told !== undefined) return told.value;
      for await (const _ of dogs.list({}, { timeoutMs: timeoutMs || undefined }));
      return 'streamed';
    } catch (error) {
      return String(error);
    }
  });
  span.end();
  return [answer, String((getRPCMetadata(active) as { route?: string }).route)];
}

const STREAMED = 0;
const failing = (error: unknown) => () => Promise.reject(error);
const told = () => bench.logs().map(({ level, error }) => `${level} ${error?.type} ${error?.message}`);

for (const [kind, exports] of [
  ['ES modules', { ...connect }],
  ['CommonJS', load('@connectrpc/connect')],
] as const)
  test(`${kind}: what a procedure throws is a row with its route, and goes on as it was`, async () => {
    bench.facts.length = 0;
    const seam = new Seam('connectrpc');
    const hooked = hookConnectrpc(exports, seam) as unknown as typeof connect;
    const router = hooked.createConnectRouter;
    const INTERNAL = 'ConnectError: [internal] internal error';
    const lost = new TypeError('Rex is lost');
    assert.deepEqual(await call(router, failing(lost)), [INTERNAL, '/dogs.Dogs/Get']);
    const away = new hooked.ConnectError('the database is away', Code.Unavailable);
    assert.deepEqual(await call(router, failing(away)), [String(away), '/dogs.Dogs/Get']);
    const late = new RangeError('after Rex');
    assert.deepEqual(await call(router, failing(late), [], STREAMED), [INTERNAL, '/dogs.Dogs/List']);
    const rows = ['TypeError Rex is lost', 'ConnectError [unavailable] the database is away', 'RangeError after Rex'];
    assert.deepEqual(
      told(),
      rows.map((row) => `ERROR ${row}`),
    );
    bench.facts.length = 0;
    for (const code of [1, 3, 5, 6, 7, 8, 9, 10, 11, 16]) {
      const answer = new hooked.ConnectError('no', code);
      assert.equal((await call(router, failing(answer)))[0], String(answer));
    }
    const own: connect.Interceptor = (next) => (asked) => next(asked).catch(() => next(asked));
    let times = 0;
    const once: Get = async () => {
      if (times++ === 0) throw lost;
      return { value: 'handled' };
    };
    assert.equal((await call(router, once, [own]))[0], 'handled');
    seam.active = false;
    await call(router, failing(new Error('unheard')));
    assert.deepEqual(told(), []);
  });

test('a deadline that is over is told, and what a procedure aborts itself', async () => {
  bench.facts.length = 0;
  const exports = { ...connect };
  hookConnectrpc(exports, new Seam('connectrpc'));
  const own = Object.assign(new Error('gave up'), { name: 'AbortError' });
  await call(exports.createConnectRouter, failing(own));
  assert.deepEqual(told(), ['ERROR AbortError gave up']);
  bench.facts.length = 0;
  const waiting: Get = async (_message, { signal }) => {
    await new Promise((done) => signal.addEventListener('abort', done));
    throw signal.reason;
  };
  await call(exports.createConnectRouter, waiting, [], 30);
  assert.deepEqual(told(), ['ERROR ConnectError [deadline_exceeded] the operation timed out']);
});
