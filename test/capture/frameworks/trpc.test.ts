// tRPC: each error that an adapter answers is told first, and the route is the procedure. The package itself, its
// adapters for fetch and for Fastify; in a process of its own, stand-alone: test/preload/frameworks-rpc.test.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { getRPCMetadata, type RPCMetadata, RPCType, setRPCMetadata } from '@opentelemetry/core';
import { initTRPC, TRPCError } from '@trpc/server';
import * as ofFastify from '@trpc/server/adapters/fastify';
import * as ofFetch from '@trpc/server/adapters/fetch';
import fastify from 'fastify';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { ASKED } from '../../../src/capture/frameworks/served-context.ts';
import { hookAdapter } from '../../../src/capture/frameworks/trpc.ts';
import { captureBench } from '../../support/capture.ts';

type Bench = ReturnType<typeof captureBench>;
type Options = Omit<Parameters<typeof ofFetch.fetchRequestHandler>[0], 'req' | 'endpoint'>;

const { fetchRequestHandler } = hooked(ofFetch, { makers: ['fetchRequestHandler'] });
const { fastifyTRPCPlugin } = hooked(ofFastify, { makers: [], plugin: 'fastifyTRPCPlugin' });

function hooked<T extends object>(exports: T, adapter: Parameters<typeof hookAdapter>[1]): T {
  const copy = { ...exports };
  hookAdapter(copy as Record<string, unknown>, adapter, new Seam('trpc'));
  return copy;
}

const { router, procedure } = initTRPC.create();
const throwing = (error: () => unknown) =>
  procedure.query(() => {
    throw error();
  });

/** @returns the status of the answer */
async function ask(bench: Bench, options: Options, path: string): Promise<number> {
  const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER });
  const req = new Request(`http://kennel.example/trpc/${path}`);
  const answer = () => fetchRequestHandler({ endpoint: '/trpc', req, ...options });
  const { status } = await context.with(trace.setSpan(context.active(), span), answer);
  span.setAttribute('http.response.status_code', status);
  span.end();
  return status;
}

const thrownIn = (bench: Bench) => bench.logs().map(({ error }) => [error?.type, error?.message]);

test('what a procedure throws is one row, as it was thrown, whoever logs it before and after', async () => {
  const bench = captureBench();
  const log = (one: Error) => bench.tracker.thrown(one, { context: context.active(), level: 'ERROR' });
  const heard: string[] = [];
  const options: Options = {
    router: router({
      dog: throwing(() => {
        const error = new TypeError('no dog 7');
        log(error);
        return error;
      }),
      made: throwing(
        () => new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: 'made', cause: new Error('inside') }),
      ),
    }),
    onError({ error, path }) {
      heard.push(`${path} ${error.name}`);
      log(error);
    },
  };
  assert.equal(await ask(bench, options, 'dog'), 500);
  assert.equal(await ask(bench, options, 'made'), 500);
  assert.deepEqual(thrownIn(bench), [
    ['TypeError', 'no dog 7'],
    ['TRPCError', 'made'],
  ]);
  assert.deepEqual(heard, ['dog TRPCError', 'made TRPCError']);
});

test('an answer of 4xx is no row, and nobody has to listen', async () => {
  const bench = captureBench();
  const coded = (code: TRPCError['code']) => throwing(() => new TRPCError({ code }));
  const options = {
    router: router({ refused: coded('UNAUTHORIZED'), bad: coded('BAD_REQUEST'), away: coded('SERVICE_UNAVAILABLE') }),
  };
  const answered: number[] = [];
  for (const path of ['refused', 'bad', 'nowhere', 'away']) answered.push(await ask(bench, options, path));
  assert.deepEqual(answered, [401, 400, 404, 503]);
  assert.deepEqual(thrownIn(bench), [['TRPCError', 'SERVICE_UNAVAILABLE']]);
});

test("Fastify's plugin keeps its options; functions keep name and length", async () => {
  const bench = captureBench();
  const app = fastify();
  const trpcOptions = { router: router({ dog: throwing(() => new RangeError('no dog 8')) }) };
  app.register(fastifyTRPCPlugin, { prefix: '/trpc', trpcOptions });
  const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER });
  // Asked as soon as it is awaited.
  const answer = async () => (await app.inject('/trpc/dog')).statusCode;
  const statusCode = await context.with(trace.setSpan(context.active(), span), answer);
  await app.close();
  assert.equal(statusCode, 500);
  assert.deepEqual(thrownIn(bench), [['RangeError', 'no dog 8']]);
  for (const [ours, original] of [
    [fastifyTRPCPlugin, ofFastify.fastifyTRPCPlugin],
    [fetchRequestHandler, ofFetch.fetchRequestHandler],
  ] as const)
    assert.deepEqual([ours.name, ours.length], [original.name, original.length]);
});

/** @returns the route that a request has, which came to `mount`, once `serve` is done */
async function routeAfter(mount: string | undefined, asked: string, serve: () => unknown): Promise<string | undefined> {
  const span = captureBench().tracer.startSpan('GET', { kind: SpanKind.SERVER });
  const rpc = { type: RPCType.HTTP, span, route: mount, [ASKED]: asked } as RPCMetadata;
  const active = setRPCMetadata(trace.setSpan(context.active(), span), rpc);
  await context.with(active, serve);
  return (getRPCMetadata(active) as { route?: string }).route;
}

test('the route is where the adapter is mounted and what is called there, one name for all batches', async () => {
  const dogs = router({ byId: procedure.query(() => 'Rex'), list: procedure.query(() => []) });
  const options = { router: router({ dogs, ok: procedure.query(() => 'ok') }), endpoint: '/trpc' };
  const ask = (path: string) => fetchRequestHandler({ ...options, req: new Request(`http://kennel.example${path}`) });
  for (const [mount, path, route] of [
    [undefined, '/trpc/dogs.byId', '/trpc/dogs.byId'],
    ['/api', '/trpc/dogs.byId?input=%7B%7D', '/api/dogs.byId'],
    ['/:tenant/trpc/', '/trpc/ok', '/:tenant/trpc/ok'],
    ['/trpc/:path', '/trpc/ok', '/trpc/ok'],
    ['*', '/trpc/ok', '/ok'],
    ['/api/[...trpc]', '/trpc/ok', '/api/ok'],
    ['/trpc', '/trpc/ok,dogs.list?batch=1', '/trpc/(batch)'],
    ['/trpc', '/trpc/ok,ok,nowhere?batch=1', '/trpc/ok'],
    ['/trpc', '/trpc/ok,dogs.list', '/trpc'],
    ...['nowhere', 'dogs', 'toString', '__proto__', '%E0%A4%A'].map((name) => ['/trpc', `/trpc/${name}`, '/trpc']),
    [undefined, '/trpc/nowhere,dogs?batch=1', undefined],
  ] as const)
    assert.equal(await routeAfter(mount, path!, () => ask(path!)), route, `${mount} ${path}`);
  const itself = async () => {
    await ask('/trpc/ok');
    await ask('/trpc/dogs.list');
  };
  assert.equal(await routeAfter('/trpc', '/trpc/ok', itself), '/trpc/ok', 'what it asks itself is no route of it');
});

test('10 tells no names: they are the end of the URL', async () => {
  // As its adapter for fetch calls it (10.45, fetchRequestHandler.ts).
  const heard: unknown[] = [];
  const exports = {
    fetchRequestHandler: (options: { createContext(told: object): unknown }) => options.createContext({ req: {} }),
  };
  hookAdapter(exports, { makers: ['fetchRequestHandler'] }, new Seam('trpc'));
  const procedures = { 'dogs.byId': procedure, ok: procedure };
  const createContext = (...told: unknown[]) => heard.push(told);
  const given = { endpoint: '/trpc', router: { _def: { procedures } }, createContext };
  const serve = () => exports.fetchRequestHandler(given);
  for (const [asked, route] of [
    ['/trpc/dogs.byId?input=%7B%7D', '/trpc/dogs.byId'],
    ['/trpc/ok%2Cdogs.byId?batch=1', '/trpc/(batch)'],
    ['/trpc/nowhere', '/trpc'],
    ['/trpc/%E0%A4%A', '/trpc'],
  ] as const)
    assert.equal(await routeAfter('/trpc', asked, serve), route, asked);
  assert.deepEqual(heard, Array(4).fill([{ req: {} }]));
});

test('a router that is none, and no request around it, are for tRPC to answer', async () => {
  const exports = { make: (options: { createContext?: () => unknown }) => options.createContext?.() };
  hookAdapter(exports, { makers: ['make'] }, new Seam('trpc'));
  assert.equal(exports.make({}), undefined);
  assert.equal(await routeAfter('/trpc', '/trpc/ok', () => exports.make({})), '/trpc');
});
