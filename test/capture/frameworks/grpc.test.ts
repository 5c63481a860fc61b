// gRPC servers: a span a call, its error with stack, codes that are the client's fault no rows. Shapes as of @grpc/grpc-js 1.14
// (build/src/server.js: a handler that throws is answered; server-call.js: streams answer their own errors).

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { hookGrpc } from '../../../src/capture/frameworks/grpc.ts';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { globalCaptureBench } from '../../support/capture.ts';

type Answer = (error: unknown, value?: unknown) => void;
type Handler = (call: EventEmitter, answer?: Answer) => unknown;
const measured: unknown[] = [];
const bench = globalCaptureBench({ onDuration: (attributes) => measured.push(attributes) });
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
const TRACE = '0af7651916cd43dd8448eb211c80319c';

function server() {
  class Server {
    readonly handlers = new Map<string, Handler>();
    register(path: string, handler: Handler, ..._codecs: unknown[]): boolean {
      this.handlers.set(path, handler);
      return true;
    }
  }
  const exports = { Server };
  hookGrpc(exports, new Seam('grpc'));
  const made = new Server();
  return {
    answers: [] as unknown[],
    call(handler: Handler, call: EventEmitter, isStream = false) {
      assert.equal(made.register('/dogs.Dogs/Get', handler, 'serialize', 'deserialize', 'unary'), true);
      Object.assign(call, {
        metadata: {
          get: (key: string) => (key === 'traceparent' ? [`00-${TRACE}-b7ad6b7169203331-01`] : []),
          getMap: () => ({}),
        },
      });
      const watched = made.handlers.get('/dogs.Dogs/Get')!;
      if (isStream) return watched(call);
      try {
        return watched(call, (error, value) => this.answers.push(error ?? value));
      } catch (error) {
        return this.answers.push(['thrown', error]);
      }
    },
  };
}

const stream = () => Object.assign(new EventEmitter(), { pipe() {} }).on('error', () => {});
const coded = (code: number) => Object.assign(new Error(`code ${code}`), { code });

test('what a call fails of is one row with its stack, and the name of the call; the answer is as it was', () => {
  bench.facts.length = 0;
  const rex = new TypeError('Rex has no owner');
  const asked = server();
  asked.call((_, answer) => answer!(null, 'Rex'), new EventEmitter());
  for (const nothing of [undefined, false, 0, '']) server().call((_, answer) => answer!(nothing), new EventEmitter());
  asked.call((_, answer) => answer!(rex), new EventEmitter());
  asked.call(() => {
    throw new RangeError('thrown at once');
  }, new EventEmitter());
  asked.call((_, answer) => answer!({ code: 13, details: 'the database is away' }), new EventEmitter());
  const [, , thrown] = asked.answers;
  assert.deepEqual(asked.answers.slice(0, 2), ['Rex', rex]);
  assert.match(String(thrown), /^thrown,RangeError: thrown at once$/);
  assert.deepEqual(
    bench
      .logs()
      .map(({ level, error, tags, traceId: id }) => [level, error?.type, error?.message, tags?.['rpc.method'], id]),
    [
      ['ERROR', 'TypeError', 'Rex has no owner', 'Get', TRACE],
      ['ERROR', 'RangeError', 'thrown at once', 'Get', TRACE],
      ['ERROR', 'string', 'the database is away', 'Get', TRACE],
    ],
  );
  assert.match(bench.logs()[0]!.error!.stack!, /grpc\.test\.ts/);
  const served = { 'span.name': 'dogs.Dogs/Get', 'span.operation': 'server' };
  assert.deepEqual([measured[0], measured.at(-1)], [served, { ...served, 'error.type': '_OTHER' }]);
});

test('codes that tell of the client, and calls it gives up, are no rows', () => {
  bench.facts.length = 0;
  const asked = server();
  for (const code of [1, 3, 5, 6, 7, 8, 9, 10, 11, 16])
    asked.call((_, answer) => answer!(coded(code)), new EventEmitter());
  asked.call((call, answer) => {
    call.emit('cancelled', 'cancelled');
    answer!(coded(13));
  }, new EventEmitter());
  assert.deepEqual(bench.logs(), []);
  for (const code of [2, 4, 12, 13, 14, 15, 99]) asked.call((_, answer) => answer!(coded(code)), new EventEmitter());
  assert.equal(bench.logs().length, 7);
});

test('what a framework answers for an error that was recorded is no row of its own', () => {
  bench.facts.length = 0;
  measured.length = 0;
  const answered = { status: 'error', message: 'Internal server error' };
  const asked = server();
  asked.call((_, answer) => {
    trace.getActiveSpan()!.recordException(new Error('no dog 7'));
    answer!(answered);
  }, new EventEmitter());
  assert.deepEqual(asked.answers, [answered]);
  assert.deepEqual(
    bench.logs().map(({ error }) => error?.message),
    ['no dog 7'],
  );
  assert.equal((measured[0] as Record<string, unknown>)['error.type'], '_OTHER');
});

test('a stream fails of the error it emits, once; its events are dealt with inside of the call', () => {
  bench.facts.length = 0;
  const asked = server();
  const failing = stream();
  const seen: unknown[] = [];
  asked.call((call) => call.on('data', () => seen.push(trace.getActiveSpan()?.spanContext().traceId)), failing, true);
  failing.emit('data');
  failing.emit('error', new Error('the pack is lost'));
  failing.emit('error', new Error('again'));
  for (const end of ['finish', 'close']) {
    const fine = stream();
    asked.call(() => {}, fine, true);
    fine.emit(end);
    fine.emit('error', new Error('after its end'));
  }
  assert.deepEqual(seen, [TRACE]);
  assert.deepEqual(
    bench.logs().map(({ error }) => error?.message),
    ['the pack is lost'],
  );
});

test('an error that the application emits on a call without a stream is its own', () => {
  const asked = server();
  const call = new EventEmitter();
  asked.call(() => {}, call);
  assert.throws(() => call.emit('error', new Error('of the application')), /of the application/);
});
