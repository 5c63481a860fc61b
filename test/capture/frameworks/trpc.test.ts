// tRPC: each error that an adapter answers is told first, with the place in mind that it came from. The package itself, its
// adapters for fetch and for Fastify; in a process of its own, stand-alone: test/preload/frameworks-rpc.test.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { initTRPC, TRPCError } from '@trpc/server';
import * as ofFastify from '@trpc/server/adapters/fastify';
import * as ofFetch from '@trpc/server/adapters/fetch';
import fastify from 'fastify';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
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
