// tRPC: each error that an adapter answers is told first, with the place in mind that it came from. Shapes as of
// @trpc/server 11.25 (dist/asyncGeneratorDelegate, dist/adapters).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { hookAdapter } from '../../../src/capture/frameworks/trpc.ts';
import { captureBench } from '../../support/capture.ts';

interface Told {
  error: Error;
  path: string;
}
interface Options {
  router: string;
  onError?: (told: Told) => void;
}

class TRPCError extends Error {
  readonly code: string;

  constructor({ message, code, cause }: { message?: string; code: string; cause?: Error }) {
    super(message ?? cause?.message ?? code, { cause });
    this.name = 'TRPCError';
    this.code = code;
  }
}

/** `getTRPCErrorFromUnknown` */
function inTrpc(cause: Error): TRPCError {
  return Object.assign(new TRPCError({ code: 'INTERNAL_SERVER_ERROR', cause }), { stack: cause.stack });
}

function adapter() {
  const exports = {
    createHTTPHandler(options: Options) {
      return (error: Error) => options.onError?.({ error, path: 'dog.get' });
    },
    fastifyTRPCPlugin(_server: unknown, options: { prefix: string; trpcOptions: Options }, done: () => void) {
      done();
      return [options.prefix, options.trpcOptions] as const;
    },
  };
  hookAdapter(exports, { makers: ['createHTTPHandler'], plugin: 'fastifyTRPCPlugin' }, new Seam('trpc'));
  return exports;
}

function inRequest(bench: ReturnType<typeof captureBench>, work: () => void): void {
  const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER });
  context.with(trace.setSpan(context.active(), span), work);
  span.setAttribute('http.response.status_code', 500);
  span.end();
}

test('what a procedure throws is one row, as it was thrown, whoever logs it before and after', () => {
  const bench = captureBench();
  const error = new TypeError('no dog 7');
  const log = (one: Error) => bench.tracker.thrown(one, { context: context.active(), level: 'ERROR' });
  const heard: string[] = [];
  const answer = adapter().createHTTPHandler({
    router: 'r',
    onError(told) {
      heard.push(`${told.path} ${told.error.name}`);
      log(told.error);
    },
  });
  inRequest(bench, () => {
    log(error);
    answer(inTrpc(error));
    answer(new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: 'made', cause: new Error('inside') }));
  });
  assert.deepEqual(
    bench.logs().map(({ error: row }) => [row?.type, row?.message]),
    [
      ['TypeError', 'no dog 7'],
      ['TRPCError', 'made'],
    ],
  );
  assert.deepEqual(heard, ['dog.get TRPCError', 'dog.get TRPCError']);
});

test('an answer of 4xx is no row, and nobody has to listen', () => {
  const bench = captureBench();
  const answer = adapter().createHTTPHandler({ router: 'r' });
  inRequest(bench, () => {
    for (const code of ['NOT_FOUND', 'BAD_REQUEST', 'UNAUTHORIZED']) answer(new TRPCError({ code }));
    answer(new TRPCError({ code: 'SERVICE_UNAVAILABLE' }));
  });
  assert.deepEqual(
    bench.logs().map((row) => row.error?.message),
    ['SERVICE_UNAVAILABLE'],
  );
});

test("Fastify's plugin keeps its options; functions keep name and length", () => {
  const { fastifyTRPCPlugin, createHTTPHandler } = adapter();
  const [prefix, options] = fastifyTRPCPlugin({}, { prefix: '/trpc', trpcOptions: { router: 'r' } }, () => {});
  assert.equal(prefix, '/trpc');
  assert.equal(options.router, 'r');
  assert.equal(typeof options.onError, 'function');
  assert.deepEqual([fastifyTRPCPlugin.name, fastifyTRPCPlugin.length], ['fastifyTRPCPlugin', 3]);
  assert.equal(createHTTPHandler.length, 1);
});
