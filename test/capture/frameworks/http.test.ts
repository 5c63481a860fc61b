// Servers of node:http, watched by our hook and by the instrumentation that it stands in for: the same raw requests, the
// same spans and durations. Beside that what only ours does, or does otherwise.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { context, metrics, propagation, SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { getRPCMetadata, W3CTraceContextPropagator } from '@opentelemetry/core';
import { type Instrumentation, registerInstrumentations } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { createHttpServerHook } from '../../../src/capture/frameworks/http.ts';
import { until } from '../../support/application.ts';

const spans = new InMemorySpanExporter();
const points = new InMemoryMetricExporter(AggregationTemporality.DELTA);
const meters = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: points })] });
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }));
metrics.setGlobalMeterProvider(meters);

const TRACE = '0af7651916cd43dd8448eb211c80319c';

/** What is written to a connection; the client hangs up after the answer, or at once. */
const REQUESTS: Record<string, { text: string; hangUp?: true; spans?: number }> = {
  'plain GET': { text: get('/dogs/7') },
  // The instrumentation writes `%20` as `+`.
  'with a query': { text: get('/dogs?id=7&name=ab') },
  'a signed URL': { text: get('/files?sig=hunter2&x=1') },
  'a user agent, a host without a port': { text: get('/', 'user-agent: bench/1\r\nhost: dogs.example\r\n', '') },
  'IPv6 host': { text: get('/', 'host: [::1]:8080\r\n', '') },
  'HTTP/1.0 without a host': { text: 'GET /old HTTP/1.0\r\n\r\n' },
  'behind a proxy': {
    text: get(
      '/',
      'x-forwarded-for: 10.0.0.7, 10.0.0.8\r\nx-forwarded-host: shop.example\r\nx-forwarded-proto: https\r\n',
    ),
  },
  'behind a proxy that names ports': {
    text: get('/', 'x-forwarded-for: 10.0.0.7:4711\r\nx-forwarded-host: shop.example:8443\r\n'),
  },
  'forwarded header': { text: get('/', 'forwarded: for=10.0.0.7;host="shop.example:81";proto=http, for=10.0.0.9\r\n') },
  'a trace from elsewhere': { text: get('/', `traceparent: 00-${TRACE}-b7ad6b7169203331-01\r\n`) },
  'a method of WebDAV': { text: get('/').replace('GET', 'PROPFIND') },
  HEAD: { text: get('/').replace('GET', 'HEAD') },
  'body in two pieces': { text: `POST /echo HTTP/1.1\r\nhost: a:1\r\ncontent-length: 4\r\n\r\nab${'cd'}` },
  '100-continue': {
    text: 'POST /echo HTTP/1.1\r\nhost: a:1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\nok',
  },
  'answered 404': { text: get('/status/404') },
  'answered 503': { text: get('/status/503') },
  'two requests on one connection, at once': { text: get('/one') + get('/two'), spans: 2 },
  'connection lost before the answer': { text: get('/slow'), hangUp: true },
  'connection lost within the answer': { text: get('/stream'), hangUp: true },
  'an upgrade is no request': { text: get('/', 'connection: upgrade\r\nupgrade: dogs\r\n'), spans: 0 },
  'CONNECT is no request': { text: 'CONNECT dogs.example:443 HTTP/1.1\r\nhost: dogs.example:443\r\n\r\n', spans: 0 },
};

function get(path: string, headers = '', host = 'host: 127.0.0.1:4000\r\n'): string {
  return `GET ${path} HTTP/1.1\r\n${host}${headers}\r\n`;
}

const handler: RequestListener = (request, response) => {
  const status = /^\/status\/(\d+)/.exec(request.url ?? '')?.[1];
  if (request.url === '/slow') return;
  if (request.url === '/stream') {
    response.write('first');
    return;
  }
  if (request.url === '/echo') {
    const rpc = getRPCMetadata(context.active());
    if (rpc !== undefined) rpc.route = '/echo';
    const span = trace.getActiveSpan();
    request.on('data', () => assert.equal(trace.getActiveSpan(), span, 'data comes in the context of its request'));
    request.on('end', () => {
      assert.equal(trace.getActiveSpan(), span, 'so does the end');
      response.on('finish', () => assert.equal(trace.getActiveSpan(), span, 'and the end of the answer'));
      response.end('echo');
    });
    return;
  }
  response.statusCode = Number(status ?? 200);
  response.end('ok');
};

interface Seen {
  name: string;
  kind: string;
  attributes: Record<string, unknown>;
  status: number;
  parent: string | undefined;
  trace: string;
}

/** Who made the spans of the latest run. */
const scopes = new Set<string>();

/** Runs every request against a server of its own; what was seen of each. */
async function run(t: TestContext): Promise<Record<string, { spans: Seen[]; durations: unknown[] }>> {
  const seen: Record<string, { spans: Seen[]; durations: unknown[] }> = {};
  scopes.clear();
  for (const [title, { text, hangUp, spans: expected = 1 }] of Object.entries(REQUESTS)) {
    spans.reset();
    points.reset();
    const server = await listening(t, createServer(handler));
    server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 101 Dogs\r\n\r\n'));
    server.on('connect', (_request, socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'));
    await send(server, text, hangUp ?? false, Math.max(expected, 1));
    await until(() => spans.getFinishedSpans().length === expected, `${expected} spans of ${title}`);
    for (const span of spans.getFinishedSpans()) scopes.add(span.instrumentationScope.name);
    await meters.forceFlush();
    const durations = points
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
      .filter(({ descriptor }) => descriptor.name === 'http.server.request.duration')
      .flatMap(({ dataPoints }) => dataPoints.map(({ attributes }) => attributes));
    seen[title] = { spans: spans.getFinishedSpans().map(described), durations };
  }
  return seen;
}

function described(span: ReadableSpan): Seen {
  const { 'network.peer.port': port, 'request.id': _id, ...attributes } = span.attributes;
  assert.ok(Number(port) > 0);
  return {
    name: span.name,
    kind: SpanKind[span.kind],
    attributes,
    status: span.status.code,
    parent: span.parentSpanContext?.spanId,
    trace: span.parentSpanContext?.traceId === TRACE ? TRACE : 'its own',
  };
}

async function listening(t: TestContext, server: Server): Promise<Server> {
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Resolves when all answers are there, or at once after the first sign of life where the client hangs up. */
async function send(server: Server, text: string, hangUp: boolean, answers: number): Promise<void> {
  const arrived = once(server, 'request');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let answered = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    answered += chunk;
  });
  socket.on('error', () => {});
  socket.write(text);
  if (hangUp) {
    await arrived;
    socket.destroy();
    return;
  }
  await until(() => answered.split(/HTTP\/1\.1 (?!100)/).length > answers, `the answer to ${text}`);
  socket.destroy();
}

const instrumentation = new HttpInstrumentation();

/** @returns how to undo it */
function watchedBy(hook: Instrumentation): () => void {
  const undo = registerInstrumentations({ instrumentations: [hook] });
  for (const name of ['node:http', 'node:https']) createRequire(import.meta.url)(name);
  return undo;
}

test('spans and durations are those of the instrumentation for http', async (t) => {
  const theirs = watchedBy(instrumentation);
  const expected = await run(t);
  assert.deepEqual([...scopes], [instrumentation.instrumentationName]);
  theirs();
  t.after(watchedBy(createHttpServerHook(['x-request-id'])));
  const seen = await run(t);
  assert.deepEqual([...scopes], ['rowtrace/http']);
  // Nothing was answered: the instrumentation says 200 all the same.
  const unanswered = expected['connection lost before the answer']!;
  for (const attributes of [unanswered.spans[0]!.attributes, unanswered.durations[0] as Record<string, unknown>]) {
    assert.equal(attributes['http.response.status_code'], 200);
    delete attributes['http.response.status_code'];
  }
  for (const title of Object.keys(REQUESTS)) assert.deepEqual(seen[title], expected[title], title);
});

test('what is done at the end of a span is not in the duration of the request', async (t) => {
  t.after(watchedBy(createHttpServerHook(['x-request-id'])));
  spans.reset();
  await meters.forceFlush();
  points.reset();
  const server = await listening(
    t,
    createServer((_request, response) => {
      const span = trace.getActiveSpan()!;
      const { end } = span;
      span.end = (...given) => {
        end.apply(span, given);
        const until = performance.now() + 1000;
        while (performance.now() < until);
      };
      response.end('ok');
    }),
  );
  await fetch(`${addressOf(server)}/dogs`).then((response) => response.text());
  await until(() => spans.getFinishedSpans().some(isServer), 'the span');
  await meters.forceFlush();
  const [seconds, nanos] = spans.getFinishedSpans().find(isServer)!.duration;
  const durations = points
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .filter(({ scope }) => scope.name === 'rowtrace/http')
    .flatMap(({ metrics }) => metrics.flatMap(({ dataPoints }) => dataPoints as { value: unknown }[]));
  assert.equal(durations.length, 1);
  const measured = (durations[0]!.value as { sum: number }).sum;
  assert.ok(
    Math.abs(measured - (seconds + nanos / 1e9)) < 0.5,
    `${measured} s of a span of ${seconds + nanos / 1e9} s`,
  );
});

test('a request that the application hands on to another server stays one request', async (t) => {
  t.after(watchedBy(createHttpServerHook(['x-request-id'])));
  spans.reset();
  const inner = createServer(handler);
  const server = await listening(
    t,
    createServer((request, response) => inner.emit('request', request, response)),
  );
  await fetch(`${addressOf(server)}/dogs`).then((response) => response.text());
  await until(() => spans.getFinishedSpans().length > 0, 'the span');
  assert.equal(spans.getFinishedSpans().length, 1);
});

test('beside an instrumentation that the application registers there is one span, its own, with our id', async (t) => {
  t.after(watchedBy(createHttpServerHook(['x-request-id'])));
  // Enabled again, it wraps around ours, as in an application that registers it after the preload.
  instrumentation.enable();
  t.after(() => instrumentation.disable());
  spans.reset();
  const server = await listening(t, createServer(handler));
  const answer = await fetch(`${addressOf(server)}/dogs`);
  await answer.text();
  await until(() => spans.getFinishedSpans().some(isServer), 'the span');
  const served = spans.getFinishedSpans().filter(isServer);
  assert.deepEqual(
    served.map(({ instrumentationScope }) => instrumentationScope.name),
    [instrumentation.instrumentationName],
  );
  assert.equal(served[0]?.attributes['request.id'], answer.headers.get('x-request-id'));
});

test('a handler that throws while it is called gets its error back, and the span of the request has it', (t) => {
  t.after(watchedBy(createHttpServerHook(['x-request-id'])));
  spans.reset();
  const error = new TypeError('no dogs');
  const server = createSecureServer(() => {
    throw error;
  });
  const request = new IncomingMessage(new Socket());
  assert.throws(() => server.emit('request', request, new ServerResponse(request)), error);
  const [span] = spans.getFinishedSpans();
  assert.equal(span?.attributes['error.type'], 'TypeError');
  assert.equal(span?.attributes['url.scheme'], 'https');
  assert.equal(span?.events[0]?.name, 'exception');
});

test('beside such an instrumentation a handler that throws is called once', (t) => {
  t.after(watchedBy(createHttpServerHook(['x-request-id'])));
  instrumentation.enable();
  t.after(() => instrumentation.disable());
  const error = new TypeError('no dogs');
  let calls = 0;
  const server = createServer(() => {
    calls++;
    throw error;
  });
  const request = new IncomingMessage(new Socket());
  assert.throws(() => server.emit('request', request, new ServerResponse(request)), error);
  assert.equal(calls, 1);
});

test('the head is written as the application gives it, in every form, and has the request id', async (t) => {
  t.after(watchedBy(createHttpServerHook(['x-request-id'])));
  const forms: Record<string, unknown[]> = {
    nothing: [],
    object: [{ a: 'b', c: 'd' }],
    'flat array': [['a', 'b', 'c', 'd']],
    tuples: [
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    'tuples after a reason': [
      'Fine',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
  };
  const own = [['X-Request-Id', 'own']];
  const server = await listening(
    t,
    createServer((request, response) => {
      const form = decodeURIComponent(request.url!.slice(1));
      response.writeHead(201, ...((forms[form] ?? [own]) as []));
      response.end();
    }),
  );
  const headers = { 'x-request-id': 'mine-1' };
  for (const [form, given] of Object.entries(forms)) {
    const answer = await fetch(`${addressOf(server)}/${form}`, { headers });
    const seen = ['a', 'c', 'x-request-id'].map((name) => answer.headers.get(name));
    assert.deepEqual(seen, given.length === 0 ? [null, null, 'mine-1'] : ['b', 'd', 'mine-1'], form);
    assert.equal(answer.status, 201);
  }
  const answer = await fetch(`${addressOf(server)}/own`, { headers });
  assert.equal(answer.headers.get('x-request-id'), 'own');
  assert.deepEqual(own, [['X-Request-Id', 'own']]);
});

test('switched off it does nothing; the next start switches it on again', async (t) => {
  const off = watchedBy(createHttpServerHook(['x-request-id']));
  off();
  spans.reset();
  const server = await listening(t, createServer(handler));
  const silent = await fetch(`${addressOf(server)}/dogs`);
  await silent.text();
  assert.equal(silent.headers.get('x-request-id'), null);
  t.after(watchedBy(createHttpServerHook(['x-trace-me'])));
  const heard = await fetch(`${addressOf(server)}/dogs`, { headers: { 'x-trace-me': 'mine-1' } });
  await heard.text();
  assert.equal(heard.headers.get('x-trace-me'), 'mine-1');
  await until(() => spans.getFinishedSpans().length > 0, 'the span');
  assert.equal(spans.getFinishedSpans().filter(isServer).length, 1);
});

function isServer(span: ReadableSpan): boolean {
  return span.kind === SpanKind.SERVER;
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
