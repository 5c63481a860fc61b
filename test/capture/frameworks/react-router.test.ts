// React Router: the route, what loaders, middleware and pages throw, and what is an answer. The package itself, with a server
// build as its compiler makes it; in a process of its own, on Express: test/preload/frameworks.test.ts.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { type RPCMetadata, RPCType, setRPCMetadata } from '@opentelemetry/core';
import * as reactRouter from 'react-router';
import { hookReactRouter } from '../../../src/capture/frameworks/react-router.ts';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { hookConsole } from '../../../src/capture/loggers/console.ts';
import { captureBench } from '../../support/capture.ts';

type Bench = ReturnType<typeof captureBench>;
type Module = Record<string, unknown>;
type Answer = (request: Request) => Promise<Response>;
type CreateRequestHandler = (build: unknown, mode: string) => Answer;

const PAGE: Module = { default: () => 'a page' };

async function loader({ params: { id } }: { params: { id?: string } }) {
  if (id === 'gone') throw new Response('gone', { status: 404 });
  if (id === 'refused') throw reactRouter.data('refused', { status: 422 });
  if (id === 'text') throw 'a text';
  if (id !== 'rex') throw new TypeError(`no dog ${id}`);
  return id;
}

async function enter({ request }: { request: Request }, next: () => unknown) {
  if (request.headers.has('x-closed')) throw new RangeError('closed today');
  return next();
}

/** @param more of the application's entry.server */
function buildOf(more: Module = {}) {
  const routes = [
    { id: 'root', path: '', module: { ...PAGE, loader: () => 'root' } },
    { id: 'shop', parentId: 'root', path: 'shop/', module: { ...PAGE, middleware: [enter] } },
    { id: 'dog', parentId: 'shop', path: 'dogs/:id', module: { ...PAGE, loader } },
    { id: 'home', parentId: 'root', index: true, module: PAGE },
  ].map((route) => ({ ...route, module: Object.freeze(route.module) }));
  return {
    ssr: true,
    future: {},
    prerender: [],
    routeDiscovery: { mode: 'initial', manifestPath: '/manifest' },
    assets: { version: '1', routes: {} },
    routes: Object.fromEntries(routes.map((route) => [route.id, route])),
    entry: {
      module: Object.freeze({ default: (_: Request, status: number) => new Response('', { status }), ...more }),
    },
  };
}

function answering(build: unknown): Answer {
  const { createRequestHandler } = hookReactRouter({ ...reactRouter }, new Seam('react-router'));
  return (createRequestHandler as CreateRequestHandler)(build, 'production');
}

async function get(bench: Bench, answer: Answer, path: string, headers: Record<string, string> = {}) {
  const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER });
  // Express, where it is mounted.
  const rpc: RPCMetadata = { type: RPCType.HTTP, span, route: '*' };
  const active = setRPCMetadata(trace.setSpan(context.active(), span), rpc);
  const request = new Request(`http://kennel.example${path}`, { headers });
  const { status } = await context.with(active, () => answer(request));
  return [status, rpc.route];
}

/** As the product hears what is printed. @returns how often something is */
function hearPrinted(t: TestContext, bench: Bench): () => number {
  const { mock } = t.mock.method(console, 'error', () => {});
  const unhook = hookConsole({ emit: (record) => bench.logger.emit(record as never) }, 'errors');
  t.after(unhook);
  return () => mock.callCount();
}

const thrownIn = (bench: Bench) => bench.logs().map(({ error, message }) => error?.message ?? message);

test('what a loader throws is a row with the pattern of its route; Responses and data() are answers', async (t) => {
  const bench = captureBench();
  hearPrinted(t, bench);
  const answer = answering(buildOf());
  const seen: unknown[] = [];
  for (const id of ['rex', 'gone', 'refused', 'text', '7']) seen.push(await get(bench, answer, `/shop/dogs/${id}`));
  const pattern = '/shop/dogs/:id';
  assert.deepEqual(
    seen,
    [200, 404, 422, 500, 500].map((status) => [status, pattern]),
  );
  assert.deepEqual(thrownIn(bench), ['a text', 'no dog 7']);
});

test('middleware tells the route that it stands before, and what it throws, whoever hears of it', async () => {
  const bench = captureBench();
  const heard: unknown[] = [];
  const answer = answering(buildOf({ handleError: (error: unknown) => heard.push(error) }));
  assert.deepEqual(await get(bench, answer, '/shop/dogs/rex', { 'x-closed': '1' }), [500, '/shop/dogs/:id']);
  assert.deepEqual(thrownIn(bench), ['closed today']);
  assert.equal(heard.length, 1);
});

test('what a page throws is a row, printed or told to `handleError`', async (t) => {
  const heard: unknown[] = [];
  for (const more of [{}, { handleError: (...values: unknown[]) => heard.push(values.length) }]) {
    const bench = captureBench();
    hearPrinted(t, bench);
    let asked = 0;
    // The page; then what the framework asks for in its place.
    const render = () => {
      asked++;
      if (asked === 1) throw new Error('no such bone');
      return new Response('sorry', { status: 500 });
    };
    assert.deepEqual(await get(bench, answering(buildOf({ default: render, ...more })), '/'), [500, '/']);
    assert.deepEqual(thrownIn(bench), ['no such bone']);
  }
  assert.deepEqual(heard, [2]);
});

test('that nothing matches is printed, or told, and no row', async (t) => {
  const bench = captureBench();
  const printed = hearPrinted(t, bench);
  const heard: unknown[] = [];
  const told = answering(buildOf({ handleError: (error: unknown) => heard.push(error) }));
  for (const answer of [answering(buildOf()), told])
    assert.deepEqual(await get(bench, answer, '/wp-login.php'), [404, '*']);
  assert.deepEqual([printed(), heard.length], [1, 1]);
  console.error(new Error('No route matches URL "/of-ours"'));
  assert.deepEqual(thrownIn(bench), ['No route matches URL "/of-ours"']);
});

test('an ES module that was required is stood for by a copy; a build asked for again is the one before', async () => {
  const frozen = Object.freeze({
    createRequestHandler: async (of: () => Promise<unknown>) => [await of(), await of()],
    ServerRouter: 1,
  });
  const hooked = hookReactRouter(frozen as never, new Seam('react-router'));
  assert.deepEqual(Object.keys(hooked), ['createRequestHandler', 'ServerRouter']);
  const build = buildOf();
  const [first, second] = await (hooked.createRequestHandler as (of: unknown) => Promise<unknown[]>)(() => build);
  assert.notEqual(first, build);
  assert.equal(first, second);
});
