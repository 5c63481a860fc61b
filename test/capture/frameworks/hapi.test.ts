// hapi: routes and errors of its life cycle. The packages themselves, asked in process; in a process of its own, on a port:
// test/preload/frameworks.test.ts.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { getRPCMetadata, type RPCMetadata, RPCType, setRPCMetadata } from '@opentelemetry/core';
import { hookBoom, hookHapi } from '../../../src/capture/frameworks/hapi.ts';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { captureBench } from '../../support/capture.ts';

const require = createRequire(import.meta.url);
const Hapi = require('@hapi/hapi') as typeof import('@hapi/hapi');
const Boom = require('@hapi/boom') as typeof import('@hapi/boom');
const { Server } = Hapi;
hookBoom(Boom as never);
hookHapi(Hapi as never, new Seam('hapi'));

type Handler = import('@hapi/hapi').Lifecycle.Method;
type Bench = ReturnType<typeof captureBench>;

/** @returns the route that the request has then, and the status of the answer */
async function served(bench: Bench, handler: Handler, page?: Handler, server = Hapi.server({ debug: false })) {
  server.route({ method: 'GET', path: '/dogs/{id}', handler });
  if (page) server.ext('onPreResponse', page);
  const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER });
  const rpc: RPCMetadata = { type: RPCType.HTTP, span };
  const active = setRPCMetadata(trace.setSpan(context.active(), span), rpc);
  const { statusCode } = await context.with(active, () => server.inject('/dogs/7'));
  span.setAttribute('http.response.status_code', statusCode);
  span.end();
  return [(getRPCMetadata(active) as { route?: string }).route, statusCode];
}

const thrownIn = (bench: Bench) => bench.logs().map(({ error }) => [error?.type, error?.message]);

function throwing(error: unknown): Handler {
  return () => {
    throw error;
  };
}

test('an error is one row with its route, whether it is logged as it was thrown or as boom copied it', async () => {
  const bench = captureBench();
  const error = new TypeError('no dog 7');
  const log = (one: unknown) => bench.tracker.thrown(one as Error, { context: context.active(), level: 'ERROR' });
  const seen = await served(
    bench,
    () => {
      log(error);
      throw error;
    },
    ({ response }, { continue: goOn }) => {
      assert.ok(response !== (error as unknown) && Boom.isBoom(response as Error));
      log(response);
      return goOn;
    },
  );
  assert.deepEqual(seen, ['/dogs/{id}', 500]);
  assert.deepEqual(thrownIn(bench), [['TypeError', 'no dog 7']]);
});

test('a copy without a stack, as @hapi/boom 9 makes it on Node 24, is a row with that of the error', () => {
  const bench = captureBench();
  const old = {
    badImplementation: (given: Error): Error =>
      Object.create(Object.getPrototypeOf(given), {
        ...Object.getOwnPropertyDescriptors(given),
        stack: { value: undefined },
      }),
  };
  hookBoom(old as never);
  const error = new TypeError('no dog 7');
  for (const one of [old.badImplementation(error), error])
    bench.tracker.thrown(one, { context: context.active(), level: 'ERROR' });
  assert.deepEqual(
    bench.logs().map((row) => row.error?.stack),
    [error.stack],
  );
});

test('an error page that fails is a row of its own; an answer of 4xx is none; made with new', async () => {
  const bench = captureBench();
  const made = new Hapi.Server({ debug: false });
  const fails = throwing(new Error('no page'));
  assert.deepEqual(await served(bench, throwing(Boom.notFound('no dog'))), ['/dogs/{id}', 404]);
  assert.deepEqual(await served(bench, throwing(new Error('thrown')), fails, made), ['/dogs/{id}', 500]);
  assert.deepEqual(await served(bench, () => 'a dog'), ['/dogs/{id}', 200]);
  assert.deepEqual(thrownIn(bench), [
    ['Error', 'thrown'],
    ['Error', 'no page'],
  ]);
});

test('both names stay one function, hooked once, by require and by import', () => {
  const module = { server: Server, Server };
  const namespace = { ...module, default: module };
  const seam = new Seam('hapi');
  hookHapi(namespace as never, seam);
  const once = module.server;
  assert.notEqual(once, Server);
  hookHapi(namespace as never, seam);
  assert.equal(module.server, once);
  assert.equal(module.Server, once);
  assert.equal(namespace.server, once);
  assert.equal(once.name, Server.name);
});
