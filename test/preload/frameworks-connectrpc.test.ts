// A ConnectRPC server on node:http and node:http2, preloaded: one row a procedure that fails, by either protocol, with its route;
// answers that tell of the client, and clients that leave, are none. docs/frameworks.md is made from a run of this, too.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { Code, ConnectError, createClient, type Interceptor, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { modulesOf, noteCells } from '../support/frameworks.ts';
import { called } from '../support/rpc.ts';

type Message = { value: string };
type Options = { signal: AbortSignal };

interface Dogs {
  get(message: Message): Promise<Message>;
  list(message: Message, options?: Options): AsyncIterable<Message>;
  walk(messages: AsyncIterable<Message>): Promise<Message>;
  play(messages: AsyncIterable<Message>): AsyncIterable<Message>;
}

const PACKAGES = {
  '@connectrpc/connect': '@connectrpc/connect',
  '@connectrpc/connect-node': '@connectrpc/connect-node',
};
const service = createRequire(import.meta.url)('../fixtures/apps/frameworks/connectrpc.service.cjs');

// level    type          message             route              status by Connect's protocol, and by gRPC's
const ROWS = [
  ['ERROR', 'ConnectError', '[internal] out of stock', '/dogs.Dogs/Get', 500, 200],
  ['ERROR', 'DogError', 'no dog 7', '/dogs.Dogs/Get', 500, 200],
  ['ERROR', 'EvalError', 'ran away', '/dogs.Dogs/Walk', 200, 200],
  ['ERROR', 'RangeError', 'the pack is lost', '/dogs.Dogs/List', 200, 200],
  ['ERROR', 'SyntaxError', 'the ball is gone', '/dogs.Dogs/Play', undefined, 200],
  ['WARNING', null, 'low on food', '/dogs.Dogs/Get', 200, 200],
] as const;

const ANSWERS = {
  ...{ 7: 'Internal', coded: 'Internal', missing: 'NotFound', warned: 'ok', ok: 'ok' },
  ...{ 'list ok': 'ok', 'list lost': 'Internal', 'list left': 'Canceled', walk: 'Internal', play: 'Internal' },
};

/** Request ids as answered. */
const ids = new Set<string | null>();
const idOf: Interceptor = (next) => async (asked) => {
  try {
    const answer = await next(asked);
    ids.add(answer.header.get('x-request-id'));
    return answer;
  } catch (error) {
    if (error instanceof ConnectError) ids.add(error.metadata.get('x-request-id'));
    throw error;
  }
};

async function* messages(...values: string[]): AsyncGenerator<Message> {
  for (const value of values) yield { value };
}

/** @returns the code that each is answered with */
async function askDogs(transport: Transport, isDuplex: boolean): Promise<Record<string, string>> {
  const dogs = createClient(service, transport) as unknown as Dogs;
  const codes: Record<string, string> = {};
  const ask = async (name: string, answer: Promise<unknown>) => {
    codes[name] = await answer.then(
      () => 'ok',
      (error: { code: Code }) => Code[error.code]!,
    );
  };
  const all = async (answers: AsyncIterable<Message>, each = () => {}) => {
    for await (const _ of answers) each();
  };
  for (const value of ['7', 'coded', 'missing', 'warned', 'ok']) await ask(value, dogs.get({ value }));
  for (const value of ['ok', 'lost']) await ask(`list ${value}`, all(dogs.list({ value })));
  const leaving = new AbortController();
  await ask(
    'list left',
    all(dogs.list({ value: 'left' }, leaving), () => leaving.abort()),
  );
  await ask('walk', dogs.walk(messages('home', 'away')));
  if (isDuplex) await ask('play', all(dogs.play(messages('stick', 'ball'))));
  return codes;
}

/** As a client does whose deadline is over: it resets its stream as if something had failed. */
async function leave(url: string): Promise<void> {
  const session = http2.connect(url);
  const headers = { 'content-type': 'application/connect+json', 'connect-protocol-version': '1' };
  const stream = session.request({ ':method': 'POST', ':path': '/dogs.Dogs/List', ...headers });
  const message = Buffer.from('"left"');
  stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
  stream.on('error', () => {});
  await once(stream, 'data');
  stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
  await new Promise((closed) => stream.once('close', closed));
  session.close();
}

for (const app of ['connectrpc.cjs', 'connectrpc.mjs'])
  test(`ConnectRPC, ${app}: one row a failed procedure by either protocol, with its route`, async (t) => {
    const { rows, operations, hooked } = await called(t, app, async (url, application) => {
      const [, port] = /^http2 (\d+)$/m.exec(application.stdout)!;
      const ofHttp2 = `http://127.0.0.1:${port}`;
      const { play, ...ofHttp1 } = ANSWERS;
      const connect = createConnectTransport({ baseUrl: url, httpVersion: '1.1', interceptors: [idOf] });
      assert.deepEqual(await askDogs(connect, false), ofHttp1);
      const sessionManager = new Http2SessionManager(ofHttp2);
      const grpc = createGrpcTransport({ baseUrl: ofHttp2, sessionManager, interceptors: [idOf] });
      assert.deepEqual(await askDogs(grpc, true), { ...ofHttp1, play });
      sessionManager.abort();
      await leave(ofHttp2);
    });
    const expected = ROWS.flatMap(([level, type, message, route, ...answered]) =>
      answered.filter(Boolean).map((status) => [level, type, message, route, status]),
    );
    const drawn = rows.map(({ level, type, message, route, status }) => [level, type, message, route, status]);
    assert.deepEqual(drawn.sort(), expected.sort());
    for (const { requestId, latency, message } of rows) {
      assert.ok(ids.has(requestId), `request id of ${message}`);
      assert.equal(typeof latency, 'number', `latency of ${message}`);
    }
    assert.match(hooked, /hooked .*\bconnectrpc\b/);
    assert.deepEqual(
      operations.sort(),
      ['Get', 'List', 'Play', 'Walk'].map((name) => `/dogs.Dogs/${name}`),
    );
    noteCells('ConnectRPC', PACKAGES, modulesOf(app), {
      'route pattern': rows.every(({ route }) => route?.startsWith('/dogs.Dogs/')),
      'latency by route': operations.includes('/dogs.Dogs/Get'),
      'error answered by the framework': rows.filter(({ message }) => message === 'no dog 7').length === 2,
      'request id on rows and answers': rows.every(({ requestId }) => ids.has(requestId)),
      'log records carry the request': rows.some(({ type, route }) => type === null && route === '/dogs.Dogs/Get'),
      'no row for a 4xx': !rows.some(({ message }) => message.includes('no such dog')),
    });
  });
