// React Router and Remix: the route and what loaders and actions throw. Shapes as of react-router 7.18 (a server build, and
// lib/server-runtime/server.ts).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { type RPCMetadata, RPCType, setRPCMetadata } from '@opentelemetry/core';
import { hookReactRouter } from '../../../src/capture/frameworks/react-router.ts';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { hookConsole } from '../../../src/capture/loggers/console.ts';
import { captureBench } from '../../support/capture.ts';

type Handler = (args: { id?: string }) => unknown;
interface Build {
  ssr: boolean;
  routes: Record<string, { id: string; parentId?: string; path?: string; module: Record<string, unknown> }>;
  entry: { module: { default: (...values: unknown[]) => unknown } };
}

const loader: Handler = async ({ id }) => {
  if (id === 'gone') throw new Response('gone', { status: 404 });
  if (id === 'refused') throw { type: 'DataWithResponseInit', data: 1, init: { status: 422 } };
  if (id === 'text') throw 'a text';
  if (id !== undefined) throw new TypeError(`no dog ${id}`);
  return 'a dog';
};

const build: Build = {
  ssr: true,
  routes: {
    root: { id: 'root', path: '', module: Object.freeze({ default: 1, loader: () => 'root' }) },
    shop: { id: 'shop', parentId: 'root', path: 'shop/', module: Object.freeze({ default: 1 }) },
    dog: { id: 'dog', parentId: 'shop', path: 'dogs/:id', module: Object.freeze({ default: 1, loader }) },
    home: { id: 'home', parentId: 'root', module: Object.freeze({ default: 1 }) },
  },
  entry: { module: Object.freeze({ default: (...values: unknown[]) => values.length }) },
};

/** The build that the framework is given in place of `build`. */
async function given(exports: Record<string, unknown>): Promise<Build> {
  let seen: Build | undefined;
  exports.createRequestHandler = (of: Build) => {
    seen = of;
  };
  const hooked = hookReactRouter(exports, new Seam('react-router'));
  (hooked.createRequestHandler as (of: unknown) => void)(build);
  return seen!;
}

function request(bench: ReturnType<typeof captureBench>) {
  const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER });
  // Express, where it is mounted.
  const rpc: RPCMetadata = { type: RPCType.HTTP, span, route: '*' };
  const active = setRPCMetadata(trace.setSpan(context.active(), span), rpc);
  return { rpc, run: <T>(work: () => T): T => context.with(active, work) };
}

test('a loader tells the pattern of its route, and what it throws; Responses and data() are answers', async () => {
  const bench = captureBench();
  const { routes, ssr } = await given({});
  assert.equal(ssr, true);
  const { rpc, run } = request(bench);
  const load = (id: string, args: object) => run(() => (routes[id]!.module.loader as Handler)(args));
  assert.equal(load('root', {}), 'root');
  assert.equal(rpc.route, '*', 'of a route around others');
  assert.equal(await load('dog', {}), 'a dog');
  assert.equal(rpc.route, '/shop/dogs/:id');
  for (const id of ['gone', 'refused', 'text', '7'])
    await assert.rejects(load('dog', { id }) as Promise<unknown>, (thrown) => thrown !== undefined);
  assert.deepEqual(
    bench.logs().map((row) => row.error?.message),
    ['a text', 'no dog 7'],
  );
  assert.deepEqual(Object.keys(routes.dog?.module ?? {}), ['default', 'loader']);
});

test('a page without a loader has its route when it is rendered; one that does not match has none', async () => {
  const bench = captureBench();
  const { entry } = await given({});
  for (const [id, route] of [
    ['home', '/'],
    ['root', '*'],
  ]) {
    const { rpc, run } = request(bench);
    const staticHandlerContext = { matches: [{ route: { id: 'root' } }, { route: { id } }] };
    assert.equal(
      run(() => entry.module.default({}, 200, {}, { staticHandlerContext })),
      4,
    );
    assert.equal(rpc.route, route);
  }
});

test('an ES module that was required is stood for by a copy; a build asked for again is the one before', async () => {
  const frozen = Object.freeze({
    createRequestHandler: async (of: () => Promise<unknown>) => [await of(), await of()],
    ServerRouter: 1,
  });
  const hooked = hookReactRouter(frozen as never, new Seam('react-router'));
  assert.deepEqual(Object.keys(hooked), ['createRequestHandler', 'ServerRouter']);
  const [first, second] = await (hooked.createRequestHandler as (of: unknown) => Promise<unknown[]>)(() => build);
  assert.notEqual(first, build);
  assert.equal(first, second);
});

test('that nothing matches is printed, and no row', () => {
  const bench = captureBench();
  const original = console.error;
  console.error = () => {};
  const unhook = hookConsole({ emit: (record) => bench.logger.emit(record as never) }, 'errors');
  function getInternalRouterError(message: string): Error {
    return new Error(message);
  }
  console.error(getInternalRouterError('No route matches URL "/wp-login.php"'));
  console.error(new Error('No route matches URL "/of-ours"'));
  unhook();
  console.error = original;
  assert.deepEqual(
    bench.logs().map((row) => row.message),
    ['No route matches URL "/of-ours"'],
  );
});
