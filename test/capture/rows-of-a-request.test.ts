// What rows made inside a request carry, which log records become rows, slow spans, calls, sampling.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { AlwaysOffSampler, ParentBasedSampler } from '@opentelemetry/sdk-trace';
import { stateOf } from '../../src/otel/request-state.ts';
import { captureBench } from '../support/capture.ts';

type Bench = ReturnType<typeof captureBench>;

function request(bench: Bench, work: () => void, { status = 200, millis = 5, route = '/dogs/:id' } = {}): void {
  const startTime = Date.now();
  const span = bench.tracer.startSpan('GET', {
    kind: SpanKind.SERVER,
    startTime,
    attributes: { 'http.request.method': 'GET', 'request.id': 'rid-9', 'url.path': '/dogs/7' },
  });
  context.with(trace.setSpan(context.active(), span), work);
  span.setAttributes({ 'http.route': route, 'http.response.status_code': status });
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(startTime + millis);
}

test('a log record inside a request carries request id, trace, span, user, session and its own attributes as tags', () => {
  const bench = captureBench();
  request(bench, () => {
    trace.getActiveSpan()?.setAttributes({ 'user.id': 'u1', 'session.id': 's1', vet_id: 12 });
    bench.logger.emit({
      severityNumber: 13,
      body: 'low on vaccine',
      attributes: { shelf: { row: 3 }, 'logger.name': 'stock' },
    });
  });
  const [row] = bench.logs();
  assert.equal(row?.level, 'WARNING');
  assert.equal(row?.message, 'low on vaccine');
  assert.equal(row?.module, 'stock');
  assert.equal(row?.requestId, 'rid-9');
  assert.equal(row?.method, 'GET');
  assert.equal(row?.userId, 'u1');
  assert.equal(row?.sessionId, 's1');
  assert.match(row?.traceId ?? '', /^[0-9a-f]{32}$/);
  assert.match(row?.spanId ?? '', /^[0-9a-f]{16}$/);
  assert.deepEqual(row?.tags?.shelf, { row: 3 });
  assert.equal(row?.tags?.vet_id, 12);
  const final = bench.amendments().at(-1);
  assert.equal(final?.status, 200);
  assert.equal(final?.route, '/dogs/:id');
});

test('records below the level make no row; the level can be lowered', () => {
  const usual = captureBench();
  usual.logger.emit({ severityNumber: 9, body: 'hello' });
  assert.equal(usual.logs().length, 0);
  const chatty = captureBench({ level: 'DEBUG' });
  for (const severityNumber of [5, 9, 13, 17, 21]) chatty.logger.emit({ severityNumber, body: 'hello' });
  assert.deepEqual(
    chatty.logs().map((row) => row.level),
    ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'],
  );
});

test('the user id is kept as it is, hashed with a key, or not at all', () => {
  const as = (options: Parameters<typeof captureBench>[0]) => {
    const bench = captureBench(options);
    bench.logger.emit({ severityNumber: 17, body: 'x', attributes: { 'user.id': 'ada' } });
    return bench.logs()[0]?.userId;
  };
  assert.equal(as({ userId: 'plain' }), 'ada');
  assert.match(as({ userId: 'hash', userIdKey: 'k1' }) ?? '', /^[0-9a-f]{32}$/);
  assert.notEqual(as({ userId: 'hash', userIdKey: 'k1' }), as({ userId: 'hash', userIdKey: 'k2' }));
  assert.equal(as({ userId: 'off' }), undefined);
});

test('a slow request is a WARNING row grouped by its route; a limit of its own wins', () => {
  const bench = captureBench({ slowMillis: { 'GET /reports': 60_000 } });
  request(bench, () => {}, { millis: 2500 });
  request(bench, () => {}, { millis: 2500, route: '/reports' });
  request(bench, () => {}, { millis: 1999 });
  assert.equal(bench.logs().length, 1);
  const [row] = bench.logs();
  assert.equal(row?.level, 'WARNING');
  assert.equal(row?.template, 'Slow server span GET /dogs/:id');
  assert.equal(row?.latency, 2500);
});

test('slow database and client spans are measured against limits of their own', () => {
  const bench = captureBench();
  const spans = [
    {
      attributes: { 'db.system.name': 'postgresql', 'db.operation.name': 'SELECT', 'db.collection.name': 'dogs' },
      millis: 600,
    },
    { attributes: { 'http.request.method': 'GET', 'server.address': 'api.example' }, millis: 900 },
    { attributes: { 'http.request.method': 'GET', 'server.address': 'api.example' }, millis: 1100 },
  ];
  for (const { attributes, millis } of spans) {
    const startTime = Date.now();
    bench.tracer.startSpan('call', { kind: SpanKind.CLIENT, attributes, startTime }).end(startTime + millis);
  }
  assert.deepEqual(
    bench.logs().map((row) => row.template),
    ['Slow db span SELECT dogs postgresql', 'Slow client span GET http api.example'],
  );
});

test('errors and slow spans of unsampled traces are seen, children included', () => {
  const bench = captureBench({ sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }) });
  request(bench, () => {
    const child = bench.tracer.startSpan('inner');
    assert.equal(child.spanContext().traceFlags & 1, 0, 'the sampling decision itself stays as it was');
    child.recordException(new Error('unsampled'));
    child.end();
  });
  assert.equal(bench.logs()[0]?.error?.message, 'unsampled');
});

test('failed and slow calls always make a call row; ordinary ones by the rate, with the weight they stand for', () => {
  const never = captureBench({ rate: 0 });
  request(never, () => {}, { status: 500 });
  request(never, () => {}, { status: 200 });
  request(never, () => {}, { millis: 5000 });
  assert.deepEqual(
    never.calls().map((call) => [call.status, call.weight]),
    [
      [500, 1],
      [200, 1],
    ],
  );
  const some = captureBench({ rate: 0.8 });
  for (let call = 0; call < 3; call++) request(some, () => {});
  assert.equal(some.calls()[0]?.weight, 1, 'the first of its minute');
  // A minute may end in between, but not twice.
  assert.ok(some.calls().some(({ weight }) => weight === 1.25));
  assert.equal(some.calls()[0]?.direction, 'inbound');
});

test('an outgoing 404 makes no row, an outgoing 503 does', () => {
  const bench = captureBench();
  for (const status of [404, 503]) {
    const span = bench.tracer.startSpan('GET', {
      kind: SpanKind.CLIENT,
      attributes: {
        'http.request.method': 'GET',
        'server.address': 'api.example',
        'http.response.status_code': status,
      },
    });
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  }
  assert.deepEqual(
    bench.logs().map((row) => row.message),
    ['GET api.example answered 503'],
  );
});

test('a span that ends with ERROR status and tells no exception is a row, its parents add none', () => {
  const bench = captureBench();
  const outer = bench.tracer.startSpan('outer');
  const inner = bench.tracer.startSpan('inner', {}, trace.setSpan(context.active(), outer));
  inner.setStatus({ code: SpanStatusCode.ERROR, message: 'disk is full' });
  inner.end();
  outer.setStatus({ code: SpanStatusCode.ERROR });
  outer.end();
  assert.deepEqual(
    bench.logs().map((row) => row.message),
    ['disk is full'],
  );
});

test('secrets in messages, stacks and tags are masked before anything is written', () => {
  const bench = captureBench();
  const secret = 'postgres://app:hunter2hunter2@db/prod';
  bench.logger.emit({
    severityNumber: 17,
    body: `cannot reach ${secret}`,
    exception: new Error(secret),
    attributes: { password: 'hunter2hunter2' },
  });
  assert.ok(!JSON.stringify(bench.facts).includes('hunter2hunter2'));
});

test('a request that ends in a suppressed context ends; what begins after the shutdown is not watched', async () => {
  const bench = captureBench();
  const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes: { 'http.request.method': 'GET' } });
  context.with(trace.setSpan(context.active(), span), () => bench.logger.emit({ severityNumber: 17, body: 'x' }));
  span.setAttribute('http.response.status_code', 200);
  context.with(suppressTracing(context.active()), () => span.end());
  const amended = () => bench.facts.filter((fact) => fact.k === 'amend');
  assert.deepEqual([bench.logs().length, amended().length], [1, 1]);
  await bench.tracers.shutdown();
  assert.equal(stateOf(bench.tracer.startSpan('late')), undefined);
});
