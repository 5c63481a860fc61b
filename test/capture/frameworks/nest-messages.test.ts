// Messages of Nest: a span a message with its pattern, whatever is thrown there one row, and no answer another one. Shapes as of
// @nestjs/microservices 11.2 (server/server.js, context/rpc-proxy.js, exceptions/), which holds with 12; rxjs is the package.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { HttpException } from '@nestjs/common';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { hookAnswers, hookMessages } from '../../../src/capture/frameworks/nest-messages.ts';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { globalCaptureBench } from '../../support/capture.ts';

interface Observable {
  pipe(operator: unknown): Observable;
  subscribe(observer: object): void;
}
type Handler = ((...values: unknown[]) => unknown) & { next?: Handler; extras?: unknown };

const { catchError, from, of, throwError, concat, isObservable, mergeMap, ...rxjs } = createRequire(import.meta.url)(
  'rxjs',
);
const measured: unknown[] = [];
const bench = globalCaptureBench({ onDuration: (attributes) => measured.push(attributes) });

class RpcException extends Error {
  readonly error: unknown;
  constructor(error: unknown) {
    super(String(error));
    this.error = error;
  }
}

class RpcExceptionsHandler {
  handle(exception: unknown, _host: unknown): Observable {
    const words = exception instanceof RpcException ? exception.error : 'Internal server error';
    return throwError(() => ({ status: 'error', message: words }));
  }
}

class Server {
  transportId: unknown;
  readonly handlers = new Map<string, Handler>();
  normalizePattern(pattern: unknown): string {
    return typeof pattern === 'string' ? pattern : JSON.stringify(pattern);
  }
  addHandler(pattern: unknown, callback: Handler, isEvent = false, extras: unknown = {}): void {
    callback.extras = extras;
    const head = this.handlers.get(this.normalizePattern(pattern));
    if (head !== undefined && isEvent) head.next = callback;
    else this.handlers.set(this.normalizePattern(pattern), callback);
  }
}

const seam = new Seam('nestjs');
const answered: unknown[] = [];
hookAnswers(
  RpcExceptionsHandler.prototype,
  RpcException,
  (exception, work) => {
    answered.push(exception);
    return work();
  },
  seam,
);
const TRANSPORTS = { REDIS: 1, GRPC: 4, KAFKA: 6 };
hookMessages({ Server, Transport: TRANSPORTS }, { isObservable, ...rxjs } as never, seam);

/** RpcProxy: what its handler throws, at once or later, is answered by the handler of exceptions. */
function proxied(handler: (...values: unknown[]) => unknown): Handler {
  const answer = (error: unknown) => new RpcExceptionsHandler().handle(error, {});
  return async (...values) => {
    try {
      const result = await handler(...values);
      return isObservable(result) ? (result as Observable).pipe(catchError(answer)) : result;
    } catch (error) {
      return answer(error);
    }
  };
}

function send(server: Server, pattern: string, ...values: unknown[]): Promise<unknown[]> {
  const told: unknown[] = [];
  const answer = from(server.handlers.get(pattern)!(...values) as Promise<unknown>) as Observable;
  return new Promise((resolve) =>
    answer.pipe(mergeMap((value: unknown) => (isObservable(value) ? value : of(value)))).subscribe({
      next: (value: unknown) => told.push(value),
      error: (error: { message: unknown }) => resolve([...told, ['refused', error.message]]),
      complete: () => resolve(told),
    }),
  );
}

const REFUSED = ['refused', 'Internal server error'];
const rows = () =>
  bench.logs().map(({ level, error, tags }) => `${level} ${error?.type} ${error?.message} | ${tags?.['nest.pattern']}`);

test('what a message fails of is one row with its pattern, whoever answers it; each message is measured', async () => {
  bench.facts.length = 0;
  const server = new Server();
  const late = () =>
    concat(
      of('one'),
      throwError(() => new RangeError('after one')),
    );
  const handlers: Record<string, (...values: unknown[]) => unknown> = {
    '{"cmd":"find"}': async (id) => {
      throw new TypeError(`no dog ${id}`);
    },
    late,
    promised: async () => late(),
    words: async () => Promise.reject('only words'),
    refused: async () => {
      throw new HttpException('no such dog', 404);
    },
    whole: async (id) => id,
    many: () => of(1, 2),
  };
  for (const [pattern, handler] of Object.entries(handlers))
    server.addHandler(pattern.startsWith('{') ? JSON.parse(pattern) : pattern, proxied(handler), false, 'extras');
  assert.equal(server.handlers.get('whole')!.extras, 'extras');
  const answers = [];
  for (const pattern of Object.keys(handlers)) answers.push(await send(server, pattern, 7));
  assert.deepEqual(answers, [[REFUSED], ['one', REFUSED], ['one', REFUSED], [REFUSED], [REFUSED], [7], [1, 2]]);
  assert.deepEqual(rows(), [
    'ERROR TypeError no dog 7 | {"cmd":"find"}',
    'ERROR RangeError after one | late',
    'ERROR RangeError after one | promised',
    'ERROR string only words | words',
    'WARNING HttpException no such dog | refused',
  ]);
  assert.equal(answered.length, 5, 'what Nest prints itself is told to its logger');
  const served = (name: string) => ({ 'span.name': name, 'span.operation': 'server' });
  const failed = { 'error.type': '_OTHER' };
  assert.deepEqual(measured, [
    ...['{"cmd":"find"}', 'late', 'promised', 'words'].map((name) => ({ ...served(name), ...failed })),
    ...['refused', 'whole', 'many'].map(served),
  ]);
});

test('what is thrown to answer with is no row, unless it tells of an error', async () => {
  bench.facts.length = 0;
  const server = new Server();
  const caught = new SyntaxError('caught before');
  const given: unknown[] = ['no dog', { status: 404, message: 'no dog' }, { code: 7 }, caught, { statusCode: 503 }];
  for (const error of given) {
    server.addHandler(
      'find',
      proxied(async () => {
        throw new RpcException(error);
      }),
    );
    assert.deepEqual(await send(server, 'find'), [['refused', error]]);
  }
  assert.deepEqual(rows(), ['ERROR SyntaxError caught before | find', 'ERROR RpcException [object Object] | find']);
});

test('without a span, as in a gateway, a message has a client that may be at fault', () => {
  bench.facts.length = 0;
  for (const error of [new HttpException('no such dog', 404), new Error('lost'), new RpcException('told')])
    new RpcExceptionsHandler().handle(error, {});
  assert.deepEqual(rows(), ['WARNING HttpException no such dog | undefined', 'ERROR Error lost | undefined']);
});

test('handlers of one event follow one another, each a message of its own in the trace that brought it', async () => {
  bench.facts.length = 0;
  measured.length = 0;
  const server = new Server();
  const spans: unknown[] = [];
  const heard = (words: string): Handler => {
    const own = proxied(async () => {
      spans.push(trace.getActiveSpan()?.spanContext().traceId);
      throw new Error(words);
    });
    const handler: Handler = async (...values) => {
      const answer = await own(...values);
      return handler.next === undefined ? answer : handler.next(...values);
    };
    return handler;
  };
  for (const words of ['first', 'second']) server.addHandler('dog.born', heard(words), true);
  const outer = bench.tracer.startSpan('dogs process', { kind: SpanKind.CONSUMER });
  await context.with(trace.setSpan(context.active(), outer), () => send(server, 'dog.born'));
  outer.end();
  assert.deepEqual(rows(), ['ERROR Error first | dog.born', 'ERROR Error second | dog.born']);
  assert.deepEqual(spans, Array(2).fill(outer.spanContext().traceId));
  const process = { 'span.name': 'process dog.born', 'span.operation': 'messaging', 'error.type': '_OTHER' };
  assert.deepEqual(measured.slice(0, 2), [process, process]);
});

test('where the client of a transport makes the span, and where the hook is off, there is none of ours', async () => {
  bench.facts.length = 0;
  const server = new Server();
  const active = () => trace.getActiveSpan();
  for (const id of [TRANSPORTS.GRPC, TRANSPORTS.KAFKA]) {
    server.transportId = id;
    server.addHandler('find', proxied(active));
    assert.deepEqual(await send(server, 'find'), [undefined]);
  }
  server.transportId = TRANSPORTS.REDIS;
  server.addHandler('find', proxied(active));
  assert.notEqual((await send(server, 'find'))[0], undefined);
  seam.active = false;
  assert.deepEqual(await send(server, 'find'), [undefined]);
  seam.active = true;
});
