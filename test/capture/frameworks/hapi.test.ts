// hapi: routes and errors of its life cycle. Shapes as of @hapi/hapi 21.4 (lib/server.js, lib/request.js); boom is the package.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { getRPCMetadata, type RPCMetadata, RPCType, setRPCMetadata } from '@opentelemetry/core';
import { hookBoom, hookHapi } from '../../../src/capture/frameworks/hapi.ts';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { captureBench } from '../../support/capture.ts';

type Boom = Error & { output: { statusCode: number } };
type MakeBoom = (given: unknown) => Boom;

const boom = createRequire(import.meta.url)('@hapi/boom') as Record<
  'badImplementation' | 'notFound' | 'boomify',
  MakeBoom
>;
hookBoom(boom);

const CONTINUE = Symbol('continue');

interface Request {
  raw: { req: object; res: EventEmitter };
  route: { path: string };
  response: unknown;
}
type Step = (request: Request, toolkit: { continue: symbol }) => unknown;

/** `Hapi.server()`, called or made with new, with the life cycle of one request. */
function Server(this: unknown) {
  const steps = new Map<string, Step>();
  return {
    ext: (event: string, step: Step) => void steps.set(event, step),
    serve(path: string, response: unknown, late?: unknown) {
      const request = { raw: { req: {}, res: new EventEmitter() }, route: { path }, response };
      for (const event of ['onPreAuth', 'onPreResponse'])
        assert.equal(steps.get(event)?.(request, { continue: CONTINUE }), CONTINUE);
      // The response that is made of an error keeps it.
      request.response = { statusCode: 500, _error: late ?? response };
      request.raw.res.emit('finish');
    },
  };
}

function hooked(): { server: () => ReturnType<typeof Server>; Server: new () => ReturnType<typeof Server> } {
  const exports = { server: Server, Server };
  hookHapi(exports as never, new Seam('hapi'));
  return exports as never;
}

function inRequest(bench: ReturnType<typeof captureBench>, work: () => void): string | undefined {
  const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER });
  const rpc: RPCMetadata = { type: RPCType.HTTP, span };
  const active = setRPCMetadata(trace.setSpan(context.active(), span), rpc);
  context.with(active, work);
  span.setAttribute('http.response.status_code', 500);
  span.end();
  return (getRPCMetadata(active) as { route?: string }).route;
}

test('an error is one row with its route, whether it is logged as it was thrown or as boom copied it', () => {
  const bench = captureBench();
  const error = new TypeError('no dog 7');
  const log = (one: Error) => bench.tracker.thrown(one, { context: context.active(), level: 'ERROR' });
  const route = inRequest(bench, () => {
    log(error);
    const copy = boom.badImplementation(error);
    assert.notEqual(copy, error);
    hooked().server().serve('/dogs/{id}', copy);
    log(copy);
  });
  assert.equal(route, '/dogs/{id}');
  assert.deepEqual(
    bench.logs().map((row) => [row.error?.type, row.error?.message]),
    [['TypeError', 'no dog 7']],
  );
});

test('an error page that fails is a row of its own; an answer of 4xx is none', () => {
  const bench = captureBench();
  const { Server: Made } = hooked();
  inRequest(bench, () => {
    new Made().serve('/dogs/{id}', boom.notFound('no dog'));
    new Made().serve('/dogs/{id}', boom.boomify(new Error('thrown')), boom.boomify(new Error('no page')));
    new Made().serve('/dogs/{id}', { statusCode: 200 }, undefined);
  });
  assert.deepEqual(
    bench.logs().map((row) => row.error?.message),
    ['thrown', 'no page'],
  );
});

test('both names stay one function, hooked once, by require and by import', () => {
  const module = { server: Server, Server };
  const namespace = { ...module, default: module };
  const seam = new Seam('hapi');
  hookHapi(namespace as never, seam);
  const once = module.server;
  hookHapi(namespace as never, seam);
  assert.equal(module.server, once);
  assert.equal(module.Server, once);
  assert.equal(namespace.server, once);
  assert.equal(once.name, 'Server');
});
