// gRPC and tRPC servers, preloaded: one row a call that fails, by whatever it fails, with the name of the call; answers that tell
// of the client are none. docs/frameworks.md is made from a run of this, too.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { modulesOf, noteCells } from '../support/frameworks.ts';
import { called, type Row } from '../support/rpc.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;

const count = (rows: readonly Row[], message: string) => rows.filter((row) => row.message === message).length;

const GRPC = { '@grpc/grpc-js': '@grpc/grpc-js' };
const TRPC = { '@trpc/server': '@trpc/server' };

// level    type        message            method
const OF_GRPC = [
  ['ERROR', 'DogError', 'no dog 7', 'Get'],
  ['ERROR', 'Error', 'handled', 'Get'],
  ['ERROR', 'Error', 'too late', 'Get'],
  ['ERROR', 'EvalError', 'the ball is gone', 'Play'],
  ['ERROR', 'RangeError', 'cannot serve', 'Get'],
  ['ERROR', 'RangeError', 'ran away', 'Walk'],
  ['ERROR', 'SyntaxError', 'the pack is lost', 'List'],
  ['ERROR', 'TypeError', 'thrown 8', 'Get'],
  ['ERROR', 'string', 'out of stock', 'Get'],
  ['WARNING', null, 'low on food', 'Get'],
];

const service = createRequire(import.meta.url)(
  join(import.meta.dirname, '../fixtures/apps/frameworks/dogs.service.cjs'),
) as grpc.ServiceDefinition;

/** @returns the code that each is answered with */
async function askGrpc(url: string): Promise<Record<string, number>> {
  const Client = grpc.makeGenericClientConstructor(service, 'Dogs');
  const client = new Client(url.slice('http://'.length), grpc.credentials.createInsecure());
  const metadata = new grpc.Metadata();
  metadata.set('traceparent', TRACEPARENT);
  const codes: Record<string, number> = {};
  const unary = (name: string, method: string, value?: string) =>
    new Promise<void>((done) => {
      const answer = (error: grpc.ServiceError | null) => {
        codes[name] = error?.code ?? 0;
        done();
      };
      if (value === undefined) client[method]!(metadata, answer).end('Rex');
      else client[method]!(value, metadata, answer);
    });
  const streamed = (name: string, stream: grpc.ClientReadableStream<string>) =>
    new Promise<void>((done) => {
      stream.on('data', () => {}).on('error', () => {});
      stream.on('status', ({ code }) => {
        codes[name] = code;
        done();
      });
    });
  for (const value of ['7', 'thrown', 'coded', 'logged', 'missing', 'warned', 'late', 'ok'])
    await unary(value, 'get', value);
  await unary('walk', 'walk');
  for (const value of ['ok', 'lost']) await streamed(`list ${value}`, client.list!(value, metadata));
  const play = client.play!(metadata);
  play.write('ball');
  await streamed('play', play);
  client.close();
  return codes;
}

for (const app of ['grpc.cjs', 'grpc.mjs'])
  test(`gRPC, ${app}: one row a failed call, with its name and the trace of its caller`, async (t) => {
    let codes: Record<string, number> = {};
    const { db, rows, operations, hooked } = await called(t, app, async (url) => {
      codes = await askGrpc(url);
    });
    assert.deepEqual(
      rows.map(({ level, type, message, tags }) => [level, type, message, tags['rpc.method']]),
      OF_GRPC,
    );
    assert.deepEqual(codes, {
      ...{ 7: 2, thrown: 2, coded: 13, logged: 2, missing: 5, warned: 0, late: 0, ok: 0 },
      ...{ walk: 2, 'list ok': 0, 'list lost': 2, play: 2 },
    });
    assert.ok(rows.every(({ traceId }) => traceId === TRACE));
    assert.match(hooked, /hooked .*\bgrpc\b/);
    const durations = await db.query<{ drawn: string }>(
      `select format('%s %s %s', operation, status_class, sum(count)) as drawn
       from rowtrace.latency_histograms where kind = 'server' group by operation, status_class order by 1`,
    );
    assert.deepEqual(
      durations.map((row) => row.drawn),
      [
        'dogs.Dogs/Get error 4',
        'dogs.Dogs/Get ok 4',
        'dogs.Dogs/List error 1',
        'dogs.Dogs/List ok 1',
        'dogs.Dogs/Play error 1',
        'dogs.Dogs/Walk error 1',
      ],
    );
    noteCells('gRPC', GRPC, modulesOf(app), {
      'latency by route': operations.includes('dogs.Dogs/Get'),
      'error answered by the framework': count(rows, 'thrown 8') === 1,
      'error handled by the application': count(rows, 'no dog 7') === 1,
      'log records carry the request': rows.some(({ type, tags }) => type === null && tags['rpc.method'] === 'Get'),
      'no row for a 4xx': count(rows, 'no such dog') === 0,
      'row after the answer': count(rows, 'too late') === 1,
    });
  });

// level    type        message               url.path            route       procedure  status
const OF_TRPC = [
  ['ERROR', 'DogError', 'no dog 7', '/dogs', '/dogs', 'dogs', 500],
  ['ERROR', 'DogError', 'no dog 7', '/dogs,missing,ok', '/(batch)', 'dogs', 207],
  ['ERROR', 'Error', 'not let in', '/before', '/before', 'before', 500],
  ['ERROR', 'Error', 'too late', '/late', '/late', undefined, 200],
  ['ERROR', 'RangeError', 'the litter is lost', '/litter', '/litter', 'litter', 200],
  ['ERROR', 'TRPCError', 'out of stock', '/shop', '/shop', 'shop', 500],
  ['ERROR', 'TypeError', 'rejected 8', '/rejects', '/rejects', 'rejects', 500],
  ['WARNING', null, 'low on food', '/warned', '/warned', undefined, 200],
];

/** @returns what each is answered with, status and request id */
async function askTrpc(url: string): Promise<Map<string, [status: number, id: string | null]>> {
  const answered = new Map<string, [number, string | null]>();
  const ask = async (path: string, options: RequestInit = {}) => {
    const response = await fetch(`${url}/${path}`, options);
    await response.text();
    answered.set(path, [response.status, response.headers.get('x-request-id')]);
  };
  for (const path of ['dogs', 'shop', 'before', 'missing', 'nowhere', 'weighed?input=%22much%22', 'warned', 'late'])
    await ask(path);
  await ask('rejects', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '1' });
  await ask('dogs,missing,ok?batch=1');
  await ask('litter', { headers: { accept: 'text/event-stream' } });
  return answered;
}

for (const app of ['trpc.cjs', 'trpc.mjs'])
  test(`tRPC, ${app}: one row a failed procedure, as it was thrown, with status and request id`, async (t) => {
    let answered: Awaited<ReturnType<typeof askTrpc>> = new Map();
    const { rows, operations, hooked } = await called(t, app, async (url) => {
      answered = await askTrpc(url);
    });
    assert.deepEqual(
      rows.map((row) => [
        ...[row.level, row.type, row.message, row.tags['url.path'], row.route],
        ...[row.tags['rpc.method'], row.status],
      ]),
      OF_TRPC,
    );
    const procedures = ['before', 'dogs', 'late', 'litter', 'missing', 'rejects', 'shop', 'warned', 'weighed'];
    assert.deepEqual(operations.sort(), ['(no route)', '/(batch)', ...procedures.map((name) => `/${name}`)]);
    assert.deepEqual(
      [...answered.values()].map(([status]) => status),
      [500, 500, 500, 404, 404, 400, 200, 200, 500, 207, 200],
    );
    const ids = [...answered.values()].map(([, id]) => id);
    for (const { requestId, latency, message } of rows) {
      assert.ok(requestId !== null && ids.includes(requestId), `request id of ${message}`);
      assert.equal(typeof latency, 'number', `latency of ${message}`);
    }
    assert.match(hooked, /hooked .*\btrpc\b/);
    const warned = rows.find(({ type }) => type === null);
    noteCells('tRPC 11, stand-alone', TRPC, modulesOf(app), {
      'route pattern': warned?.route === '/warned',
      'latency by route': operations.includes('/warned'),
      'error answered by the framework': count(rows, 'rejected 8') === 1,
      'error before the handler': count(rows, 'not let in') === 1,
      'request id on rows and answers': rows.every(({ requestId }) => ids.includes(requestId)),
      'log records carry the request': warned?.requestId === answered.get('warned')?.[1],
      'no row for a 4xx': !rows.some(({ status }) => status === 404 || status === 400),
      'row after the answer': count(rows, 'too late') === 1,
    });
  });
