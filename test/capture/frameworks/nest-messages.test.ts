// Messages of Nest: a span a message with its pattern, whatever is thrown there one row, and no answer another one. The servers of
// @nestjs/microservices without a transport; in a process of its own, over TCP and Redis: test/preload/frameworks-nest-messages.test.ts.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { HttpException, Logger } from '@nestjs/common';
import * as microservices from '@nestjs/microservices';
import { RpcProxy } from '@nestjs/microservices/context/rpc-proxy.js';
import { RpcExceptionsHandler } from '@nestjs/microservices/exceptions/rpc-exceptions-handler.js';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { hookAnswers, hookMessages } from '../../../src/capture/frameworks/nest-messages.ts';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { globalCaptureBench } from '../../support/capture.ts';

interface Observable {
  pipe(operator: unknown): Observable;
  subscribe(observer: object): void;
}
type Handler = microservices.MessageHandler;

const { RpcException, Transport } = microservices;
const { from, of, throwError, concat, isObservable, mergeMap, ...rxjs } = createRequire(import.meta.url)('rxjs');
Logger.overrideLogger(false);
const measured: unknown[] = [];
const bench = globalCaptureBench({ onDuration: (attributes) => measured.push(attributes) });

class Server extends microservices.Server {
  listen(): void {}
  close(): void {}
  on(): void {}
  unwrap<T>(): T {
    return undefined as T;
  }
  handler(pattern: string): Handler {
    return this.getHandlerByPattern(pattern) as Handler;
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
hookMessages({ ...microservices }, { isObservable, ...rxjs } as never, seam);

function proxied(handler: (...values: never[]) => unknown): Handler {
  const target = async (...values: unknown[]) => handler(...(values as never[])) as never;
  return new RpcProxy().create(target, new RpcExceptionsHandler());
}

function send(server: Server, pattern: string, ...values: unknown[]): Promise<unknown[]> {
  const told: unknown[] = [];
  const answer = from(server.handler(pattern)(values[0])) as Observable;
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
    server.addHandler(pattern.startsWith('{') ? JSON.parse(pattern) : pattern, proxied(handler), false, { extra: 1 });
  assert.deepEqual(server.handler('whole').extras, { extra: 1 });
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
  const given = ['no dog', { status: 404, message: 'no dog' }, { code: 7 }, caught, { statusCode: 503 }];
  for (const error of given) {
    server.addHandler(
      'find',
      proxied(async () => {
        throw new RpcException(error);
      }),
    );
    const words = typeof error === 'string' ? error : (error as { message?: string }).message;
    assert.deepEqual(await send(server, 'find'), [['refused', words]]);
  }
  assert.deepEqual(rows(), ['ERROR SyntaxError caught before | find', 'ERROR RpcException Rpc Exception | find']);
});

test('without a span, as in a gateway, a message has a client that may be at fault', () => {
  bench.facts.length = 0;
  for (const error of [new HttpException('no such dog', 404), new Error('lost'), new RpcException('told')])
    new RpcExceptionsHandler().handle(error, {} as never);
  assert.deepEqual(rows(), ['WARNING HttpException no such dog | undefined', 'ERROR Error lost | undefined']);
});

test('an event has nobody to answer: whatever is thrown is a failure', async () => {
  bench.facts.length = 0;
  measured.length = 0;
  const server = new Server();
  const inside = new RpcException(new SyntaxError('inside'));
  for (const error of [new RpcException('nobody hears'), inside, new HttpException('no such dog', 404)]) {
    const thrown = throwError(() => error);
    server.addHandler(
      'dog.lost',
      proxied(async () => thrown),
      true,
    );
    await send(server, 'dog.lost');
    server.getHandlers().clear();
  }
  assert.deepEqual(rows(), [
    'ERROR RpcException nobody hears | dog.lost',
    'ERROR SyntaxError inside | dog.lost',
    'ERROR HttpException no such dog | dog.lost',
  ]);
  const failed = { 'span.name': 'process dog.lost', 'span.operation': 'messaging', 'error.type': '_OTHER' };
  assert.deepEqual(measured, [failed, failed, failed]);
});

test('an answer that nobody asks for, or asks for late and twice, is over once', async () => {
  bench.facts.length = 0;
  measured.length = 0;
  const server = new Server();
  server.addHandler(
    'find',
    proxied(async () => throwError(() => new Error('asked late'))),
  );
  const answer = (await server.handler('find')(7)) as Observable;
  await nextTurn();
  assert.deepEqual(measured, [{ 'span.name': 'find', 'span.operation': 'server' }]);
  for (let times = 0; times < 2; times++) answer.subscribe({ error: () => {} });
  assert.deepEqual(rows(), Array(2).fill('ERROR Error asked late | find'));
  assert.equal(measured.length, 1);
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
  for (const id of [Transport.GRPC, Transport.KAFKA]) {
    server.transportId = id;
    server.addHandler('find', proxied(active));
    assert.deepEqual(await send(server, 'find'), [undefined]);
  }
  server.transportId = Transport.REDIS;
  server.addHandler('find', proxied(active));
  assert.notEqual((await send(server, 'find'))[0], undefined);
  seam.active = false;
  assert.deepEqual(await send(server, 'find'), [undefined]);
  seam.active = true;
});
