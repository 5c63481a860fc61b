// What every hook into a framework relies on: handlers behave as before, their errors come by once.

import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { context, ROOT_CONTEXT, type Span, SpanKind, trace } from '@opentelemetry/api';
import { getRPCMetadata, type RPCMetadata, RPCType, setRPCMetadata } from '@opentelemetry/core';
import { createFastifyHook } from '../../../src/capture/frameworks/fastify.ts';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { captureBench } from '../../support/capture.ts';
import { spawnNode } from '../../support/children.ts';

function inRequest<T>(span: Span, work: () => T): T {
  const rpc: RPCMetadata = { type: RPCType.HTTP, span };
  return context.with(setRPCMetadata(trace.setSpan(ROOT_CONTEXT, span), rpc), work);
}

test('a watched handler keeps its name, length, properties, this, result and promise', () => {
  const seam = new Seam('test');
  const promise = Promise.resolve(1);
  const handler = Object.assign(
    function handle(this: { own: number }, a: number, b: number) {
      return [this.own, a, b, promise];
    },
    { router: 'kept' },
  );
  const watched = seam.watch(handler);
  assert.equal(watched.name, 'handle');
  assert.equal(watched.length, 2);
  assert.equal(watched.router, 'kept');
  const result = watched.call({ own: 7 }, 1, 2);
  assert.deepEqual(result.slice(0, 3), [7, 1, 2]);
  assert.equal(result[3], promise);
  assert.equal(seam.watch(undefined), undefined);
  const generator = function* () {};
  assert.equal(seam.watch(generator), generator);
  assert.equal(seam.watch(Object.setPrototypeOf(() => 7, null))(), 7);
});

test('an error that passes three layers is one row and one event on the span of the request', async () => {
  const { tracer, logs } = captureBench();
  const seam = new Seam('test');
  const span = tracer.startSpan('GET', { kind: SpanKind.SERVER }, ROOT_CONTEXT);
  const error = new Error('too deep');
  const inner = seam.watch(async () => {
    throw error;
  });
  const middle = seam.watch(() => inner());
  const outer = seam.watch(async () => middle());
  await inRequest(span, () => assert.rejects(outer(), error));
  span.end();
  assert.deepEqual(
    logs().map(({ message }) => message),
    ['too deep'],
  );
  assert.equal((span as unknown as { events: object[] }).events.length, 1);
});

// A process of its own: the test runner has a handler for such rejections.
for (const watched of [false, true])
  test(`a rejection that nobody handles stays one (${watched ? '' : 'not '}watched)`, async (t) => {
    const seam = new URL('../../../src/capture/frameworks/seam.ts', import.meta.url);
    const program = `import { Seam } from '${seam}';
      process.on('unhandledRejection', (error) => console.log('unhandled', error.message));
      const seam = new Seam('koa');
      const watch = (handler) => (${watched} ? seam.watch(handler) : handler);
      const next = watch(async () => { throw new Error('nobody waits'); });
      const outer = watch(async () => { next(); });
      await outer();
      await watch(async () => { throw new Error('handled'); })().catch(() => {});`;
    const child = spawnNode(t, ['--input-type=module', '--eval', program]);
    assert.equal((await child.ended).code, 0, child.stderr);
    assert.equal(child.stdout, 'unhandled nobody waits\n');
  });

test('what is no promise, and a thenable of another library, is given back as it is', () => {
  // biome-ignore lint/suspicious/noThenProperty: a promise of another library
  const thenable = { then: () => assert.fail('not ours to call') };
  assert.equal(new Seam('test').watch(() => thenable)(), thenable);
});

test('a synchronous throw goes on to the caller; one that is no Error is a row, too', () => {
  const { tracer, logs } = captureBench();
  const seam = new Seam('test');
  const span = tracer.startSpan('GET', { kind: SpanKind.SERVER }, ROOT_CONTEXT);
  const handler = seam.watch(() => {
    throw 'just text';
  });
  inRequest(span, () => assert.throws(handler, (thrown) => thrown === 'just text'));
  span.end();
  assert.deepEqual(
    logs().map(({ error }) => error?.type),
    ['string'],
  );
});

test('a hook that is switched off notes no route and no error', () => {
  const { tracer, logs } = captureBench();
  const seam = new Seam('test');
  const span = tracer.startSpan('GET', { kind: SpanKind.SERVER }, ROOT_CONTEXT);
  inRequest(span, () => {
    seam.route('/dogs/:id', context.active());
    assert.equal(getRPCMetadata(context.active())?.route, '/dogs/:id');
    seam.active = false;
    seam.route('/cats/:id', context.active());
    seam.thrown(new Error('unheard'));
    assert.equal(getRPCMetadata(context.active())?.route, '/dogs/:id');
  });
  span.end();
  assert.deepEqual(logs(), []);
});

test('Fastify before 4.10: the route is what its requests call routerPath', () => {
  const hook = createFastifyHook();
  const { tracer } = captureBench();
  type OnRequest = (request: object, reply: object, done: () => void) => void;
  const hooks = new Map<string, OnRequest>();
  const addHook = (name: string, onRequest: OnRequest) => hooks.set(name, onRequest);
  channel('fastify.initialization').publish({ fastify: { addHook, setErrorHandler() {}, log: {} } });
  hook.disable();
  hook.enable();
  const routeOf = (request: object) =>
    inRequest(tracer.startSpan('GET', { kind: SpanKind.SERVER }, ROOT_CONTEXT), () => {
      hooks.get('onRequest')!(request, {}, () => {});
      return getRPCMetadata(context.active())?.route;
    });
  assert.equal(routeOf({ routerPath: '/dogs/:id' }), '/dogs/:id');
  assert.equal(routeOf({ routeOptions: { url: '/cats/:id' }, routerPath: '/dogs/:id' }), '/cats/:id');
  assert.equal(routeOf({ routeOptions: {}, routerPath: '/dogs/:id' }), undefined);
  hook.disable();
});
