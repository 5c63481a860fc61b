// ConnectRPC: what procedures throw, unary and streamed; codes that are the client's fault no rows. Shapes as of
// @connectrpc/connect 2.1 (router.ts, interceptor.ts; exports of CommonJS are getters, those of ES modules can be set).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { getRPCMetadata, RPCType, setRPCMetadata } from '@opentelemetry/core';
import { hookConnectrpc } from '../../../src/capture/frameworks/connectrpc.ts';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { captureBench } from '../../support/capture.ts';

type Next = (call: object) => Promise<{ stream: boolean; message: unknown }>;
type Interceptor = (next: Next) => Next;
type MakeRouter = (options?: { interceptors?: Interceptor[]; routes?: string }) => (next: Next) => Next;

class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly code: number;
  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}

/** Interceptors are around one another, the first outermost. */
const createConnectRouter: MakeRouter =
  ({ interceptors = [] } = {}) =>
  (next) =>
    interceptors.reduceRight((inner, interceptor) => interceptor(inner), next);

const CALL = { service: { typeName: 'dogs.Dogs' }, method: { name: 'Get' } };
const bench = captureBench();

async function call(router: MakeRouter, next: Next, interceptors?: Interceptor[]): Promise<[unknown, string]> {
  const span = bench.tracer.startSpan('POST', { kind: SpanKind.SERVER });
  const active = setRPCMetadata(trace.setSpan(context.active(), span), { type: RPCType.HTTP, span });
  const answer = await context.with(active, async () => {
    try {
      const { stream, message } = await router(interceptors && { interceptors })(next)(CALL);
      if (!stream) return message;
      for await (const _ of message as AsyncIterable<unknown>);
      return 'streamed';
    } catch (error) {
      return error;
    }
  });
  span.end();
  return [answer, String((getRPCMetadata(active) as { route?: string }).route)];
}

const failing =
  (error: unknown): Next =>
  () =>
    Promise.reject(error);
const told = () => bench.logs().map(({ level, error }) => `${level} ${error?.type} ${error?.message}`);

for (const [kind, exports] of [
  ['ES modules', { createConnectRouter }],
  ['CommonJS', Object.defineProperty({}, 'createConnectRouter', { enumerable: true, get: () => createConnectRouter })],
] as const)
  test(`${kind}: what a procedure throws is a row with its route, and goes on as it was`, async () => {
    bench.facts.length = 0;
    const seam = new Seam('connectrpc');
    const router = hookConnectrpc(exports as Record<string, unknown>, seam).createConnectRouter as MakeRouter;
    const lost = new TypeError('Rex is lost');
    assert.deepEqual(await call(router, failing(lost)), [lost, '/dogs.Dogs/Get']);
    const away = new ConnectError('the database is away', 14);
    assert.deepEqual(await call(router, failing(away)), [away, '/dogs.Dogs/Get']);
    async function* late() {
      yield 'Rex';
      throw new RangeError('after Rex');
    }
    const [error] = await call(router, async () => ({ stream: true, message: late() }));
    assert.equal(String(error), 'RangeError: after Rex');
    assert.deepEqual(told(), [
      'ERROR TypeError Rex is lost',
      'ERROR ConnectError the database is away',
      'ERROR RangeError after Rex',
    ]);
    bench.facts.length = 0;
    const aborted = Object.assign(new Error('gone'), { name: 'AbortError' });
    for (const answer of [aborted, ...[1, 3, 5, 6, 7, 8, 9, 10, 11, 16].map((code) => new ConnectError('no', code))])
      assert.equal((await call(router, failing(answer)))[0], answer);
    const own: Interceptor = (next) => (asked) => next(asked).catch(() => ({ stream: false, message: 'handled' }));
    assert.equal((await call(router, failing(lost), [own]))[0], 'handled');
    seam.active = false;
    await call(router, failing(new Error('unheard')));
    assert.deepEqual(told(), []);
  });
