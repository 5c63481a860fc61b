// AdonisJS: its tracing channels, told as @adonisjs/http-server 9.3 tells them, without the package.

import assert from 'node:assert/strict';
import { tracingChannel } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { context } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import { subscribe } from '../../../src/capture/frameworks/adonis.ts';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { benchRequest } from '../../support/bench-request.ts';
import { captureBench } from '../../support/capture.ts';

const [request, middleware, handler] = [
  'adonisjs.http.request',
  'adonisjs.http.middleware',
  'adonisjs.http.route.handler',
].map((name) => tracingChannel<unknown, object>(name));

type Work = () => Promise<unknown>;

/** As its server runs a request: middleware of all requests, the route, its middleware, its handler. */
async function served(bench: ReturnType<typeof captureBench>, work: { guard?: Work; key?: Work; handle: Work }) {
  const asked = benchRequest(bench);
  const ctx: { route?: object } = {};
  const route = { pattern: '/dogs/:id' };
  const run = async () => {
    const inner = async () => {
      ctx.route = route;
      const handle = () => handler!.tracePromise(work.handle, { route });
      return work.key === undefined
        ? handle()
        : middleware!.tracePromise(() => work.key!().then(handle), { middleware: {} });
    };
    return middleware!.tracePromise(() => (work.guard ?? (async () => {}))().then(inner), { middleware: {} });
  };
  await asked.run(() => request!.tracePromise(run, { ctx }).catch(() => {}));
  asked.end();
  return asked.route();
}

const fails = (error: unknown) => async () => {
  await null;
  throw error;
};

test('what a handler or a middleware fails of is one row; the route is known before it runs', async (t) => {
  const bench = captureBench();
  t.after(subscribe(new Seam('adonis')));
  let known: string | undefined;
  const noted = async () => {
    known = (getRPCMetadata(context.active()) as { route?: string }).route;
  };
  assert.equal(await served(bench, { handle: fails(new RangeError('no dog')) }), '/dogs/:id');
  assert.equal(await served(bench, { key: fails(new Error('no key')), handle: noted }), '/dogs/:id');
  assert.equal(await served(bench, { guard: fails(new Error('not let in')), handle: noted }), undefined);
  assert.equal(await served(bench, { handle: fails(Object.assign(new Error('gone'), { status: 404 })) }), '/dogs/:id');
  assert.equal(await served(bench, { handle: noted }), '/dogs/:id');
  assert.equal(known, '/dogs/:id');
  assert.deepEqual(
    bench.logs().map(({ error }) => error?.message),
    ['no dog', 'no key', 'not let in'],
  );
});

test('switched off it hears nothing, and nobody is subscribed', async () => {
  const bench = captureBench();
  subscribe(new Seam('adonis'))();
  assert.equal(await served(bench, { handle: fails(new Error('unheard')) }), undefined);
  assert.equal(request!.start.hasSubscribers || handler!.error.hasSubscribers, false);
});
