// gRPC servers: a span a call, its error with stack, codes that are the client's fault no rows. The package itself, server and
// client in this process; in a process of its own: test/preload/frameworks-rpc.test.ts.

import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';
import { after, before, beforeEach, test } from 'node:test';
import { propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { hookGrpc } from '../../../src/capture/frameworks/grpc.ts';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { until } from '../../support/application.ts';
import { globalCaptureBench } from '../../support/capture.ts';

const require = createRequire(import.meta.url);
const grpc = require('@grpc/grpc-js') as typeof import('@grpc/grpc-js');
const service = require('../../fixtures/apps/frameworks/dogs.service.cjs');
hookGrpc(grpc as never, new Seam('grpc'));

type Unary = import('@grpc/grpc-js').handleUnaryCall<string, string>;
type Listing = import('@grpc/grpc-js').handleServerStreamingCall<string, string>;
type Walking = import('@grpc/grpc-js').handleClientStreamingCall<string, string>;

const measured: unknown[] = [];
const bench = globalCaptureBench({ onDuration: (attributes) => measured.push(attributes) });
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const metadata = new grpc.Metadata();
metadata.set('traceparent', `00-${TRACE}-b7ad6b7169203331-01`);

let get: Unary;
let list: Listing;
let walk: Walking;
const server = new grpc.Server();
let client: InstanceType<ReturnType<typeof grpc.makeGenericClientConstructor>>;

before(async () => {
  server.addService(service, {
    get: ((call, answer) => get(call, answer)) as Unary,
    list: ((call) => list(call)) as Listing,
    walk: ((call, answer) => walk(call, answer)) as Walking,
  });
  const insecure = grpc.ServerCredentials.createInsecure();
  const port = await new Promise((bound) => server.bindAsync('127.0.0.1:0', insecure, (_, got) => bound(got)));
  const Client = grpc.makeGenericClientConstructor(service, 'Dogs');
  client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
});
after(() => {
  client.close();
  server.forceShutdown();
});
beforeEach(() => {
  bench.facts.length = 0;
  measured.length = 0;
});

/** @returns the code and text that a call is answered with */
function asked(handler: Unary): Promise<[number, string]> {
  get = handler;
  return new Promise((answered) =>
    client.get!('Rex', metadata, (error: import('@grpc/grpc-js').ServiceError | null, value: string) =>
      answered(error ? [error.code, error.details] : [0, value]),
    ),
  );
}

test('what a call fails of is one row with its stack, and the name of the call; the answer is as it was', async () => {
  assert.deepEqual(await asked((_, answer) => answer(null, 'Rex')), [0, 'Rex']);
  for (const nothing of [undefined, false, 0, ''])
    assert.deepEqual(await asked((_, answer) => answer(nothing as never, 'Rex')), [0, 'Rex']);
  const failures: Unary[] = [
    (_, answer) => answer(new TypeError('Rex has no owner')),
    () => {
      throw new RangeError('thrown at once');
    },
    (_, answer) => answer({ code: 13, details: 'the database is away' }),
  ];
  const answers: unknown[] = [];
  for (const failure of failures) answers.push(await asked(failure));
  assert.deepEqual(answers, [
    [2, 'Rex has no owner'],
    [2, 'Unknown error'],
    [13, 'the database is away'],
  ]);
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

test('codes that tell of the client, and calls it gives up, are no rows', async () => {
  const coded = (code: number) => asked((_, answer) => answer(Object.assign(new Error(`code ${code}`), { code })));
  for (const code of [1, 3, 5, 6, 7, 8, 9, 10, 11, 16]) assert.deepEqual(await coded(code), [code, `code ${code}`]);
  const { promise: begun, resolve: begin } = Promise.withResolvers<Parameters<Unary>>();
  get = (...given) => begin(given);
  const call = client.get!('Rex', metadata, () => {});
  const [served, answer] = await begun;
  const cancelled = once(served, 'cancelled');
  call.cancel();
  await cancelled;
  answer(Object.assign(new Error('given up'), { code: 13 }));
  assert.deepEqual(bench.logs(), []);
  for (const code of [2, 4, 12, 13, 14, 15, 99]) await coded(code);
  assert.equal(bench.logs().length, 7);
});

test('what a framework answers for an error that was recorded is no row of its own', async () => {
  const answered = await asked((_, answer) => {
    trace.getActiveSpan()!.recordException(new Error('no dog 7'));
    answer({ status: 'error', message: 'Internal server error' } as never);
  });
  assert.deepEqual(answered, [2, 'Internal server error']);
  assert.deepEqual(
    bench.logs().map(({ error }) => error?.message),
    ['no dog 7'],
  );
  assert.equal((measured[0] as Record<string, unknown>)['error.type'], '_OTHER');
});

test('a stream fails of the error it emits, once; its events are dealt with inside of the call', async () => {
  const seen: unknown[] = [];
  walk = (call, answer) => {
    call.on('data', () => seen.push(trace.getActiveSpan()?.spanContext().traceId));
    call.on('end', () => answer(null, 'walked'));
  };
  await new Promise((walked) => client.walk!(metadata, walked).end('Rex'));
  assert.deepEqual(seen, [TRACE]);

  const listed = async (handler: Listing) => {
    list = handler;
    const call = client.list!('all', metadata);
    call.on('data', () => {}).on('error', () => {});
    const status = await new Promise<{ code: number }>((ended) => call.on('status', ended));
    return status.code;
  };
  const failed = await listed((call) => {
    call.emit('error', new Error('the pack is lost'));
    call.emit('error', new Error('again'));
  });
  assert.equal(failed, 2);
  let ended: Parameters<Listing>[0] | undefined;
  assert.equal(
    await listed((call) => {
      ended = call;
      call.write('Rex');
      call.end();
    }),
    0,
  );
  await until(() => measured.length === 3, 'the end of the stream');
  ended!.emit('error', new Error('after its end'));
  assert.deepEqual(
    bench.logs().map(({ error }) => error?.message),
    ['the pack is lost'],
  );
});

test('an error that is emitted on a call of one answer is answered by the package, and is a row', async () => {
  assert.deepEqual(await asked((call) => void call.emit('error', new Error('no leash'))), [2, 'no leash']);
  assert.deepEqual(
    bench.logs().map(({ error }) => error?.message),
    ['no leash'],
  );
});

test('before grpc-js 1.10 such a call is no stream, and the package does not listen: the error is its own', () => {
  class Server {
    handler: ((call: EventEmitter, answer: () => void) => void) | undefined;

    register(_path: string, handler: Server['handler']): void {
      this.handler = handler;
    }
  }
  hookGrpc({ Server }, new Seam('grpc'));
  const old = new Server();
  old.register('/dogs.Dogs/Get', () => {});
  const call = new EventEmitter();
  old.handler!(call, () => {});
  assert.throws(() => call.emit('error', new Error('of the application')), /of the application/);
});
