import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { ROOT_CONTEXT, type Span, SpanKind, trace } from '@opentelemetry/api';
import { served } from '../../../src/capture/frameworks/served-context.ts';
import { answerWithId, hookWriteHead } from '../../../src/capture/response-head.ts';
import { LoopDelay, now } from '../../../src/capture/slow/loop-delay.ts';
import { BaselineJudge } from '../../../src/record/baseline.ts';
import { captureBench } from '../../support/capture.ts';
import { until } from '../../support/journals.ts';

/** As server-requests.ts marks a response. */

function judge(): BaselineJudge {
  const baselines = new BaselineJudge({ slowBaselineFactor: 3, slowBaselineExcessMillis: 25 });
  const place = { kind: 'server', operation: '/dogs/:id', http_method: 'GET', peer: null } as const;
  baselines.set([{ ...place, source: 'week', count: 4000, hours: 4, p50_ms: 40, p90_ms: 60, p99_ms: 90 }]);
  return baselines;
}

function request(bench: ReturnType<typeof captureBench>, millis: number): void {
  const startTime = Date.now();
  const attributes = { 'http.request.method': 'GET', 'http.route': '/dogs/:id', 'http.response.status_code': 200 };
  bench.tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes, startTime }).end(startTime + millis);
}

test('a span far beyond the past of its operation is slow although it is under the fixed limit; a usual one is not', () => {
  const bench = captureBench({ baselines: judge() });
  request(bench, 85);
  assert.deepEqual(bench.logs(), []);
  request(bench, 1500);
  const [row] = bench.logs();
  assert.equal(row!.message, 'Slow server span GET /dogs/:id: 1500 ms (usually 40 ms, 99 % under 90 ms)');
  assert.equal(row!.template, 'Slow server span GET /dogs/:id', 'the issue is that of the fixed limit');
  assert.equal(row!.tags!['rowtrace.slow.judge'], 'baseline');
  assert.equal(row!.tags!['rowtrace.slow.usual_ms'], 40);
  request(bench, 1500);
  assert.equal(bench.logs().length, 1, 'once in ten minutes and operation');
});

test('an operation that is twice as slow as it was is reported although no span of it is out of the ordinary', () => {
  const bench = captureBench({ baselines: judge() });
  for (let nr = 0; nr < 200; nr++) request(bench, nr % 10 === 0 ? 88 : 45);
  assert.deepEqual(bench.logs(), [], 'one in ten above the 90th percentile is usual');
  for (let nr = 0; nr < 60; nr++) request(bench, nr % 2 === 0 ? 120 : 80);
  assert.equal(bench.logs().length, 1);
  assert.match(
    bench.logs()[0]!.message,
    /: 120 ms \(of the last \d+ \d+ took longer than 65 ms, usually 1 in 2, and \d+ longer than 85 ms, usually 1 in 10\)$/,
  );
});

test('without a baseline only the fixed limit counts', () => {
  const bench = captureBench();
  request(bench, 1999);
  assert.deepEqual(bench.logs(), []);
});

test('time between children is that of the span itself, and the slowest child stands in the message', () => {
  const bench = captureBench({ slowMillis: { work: 100 } });
  const startTime = Date.now() - 1000;
  const parent = bench.tracer.startSpan('work', { startTime });
  const context = trace.setSpan(ROOT_CONTEXT, parent);
  const attributes = { 'db.system.name': 'postgresql', 'db.operation.name': 'SELECT' };
  for (const [from, to] of [
    [100, 400],
    [300, 700],
  ] as const)
    bench.tracer
      .startSpan('q', { kind: SpanKind.CLIENT, attributes, startTime: startTime + from }, context)
      .end(startTime + to);
  parent.end(startTime + 1000);
  const row = bench.logs().find(({ message }) => message.startsWith('Slow internal'))!;
  assert.equal(row.message, 'Slow internal span work: 1000 ms (limit 100 ms); 700 ms in db SELECT in 2 calls');
  assert.equal(row.tags!['rowtrace.slow.self_ms'], 400);
  assert.equal(row.tags!['rowtrace.slow.excess_ms'], 900);
});

test('of many spans that hang each is reported while it runs, and says what it waits for', async () => {
  const bench = captureBench({ stillRunningFactor: 1, slowMillis: { outer: 100, inner: 100 } });
  const startTime = Date.now() - 1000;
  const pairs = Array.from({ length: 300 }, () => {
    const outer = bench.tracer.startSpan('outer', { startTime });
    return [outer, bench.tracer.startSpan('inner', { startTime }, trace.setSpan(ROOT_CONTEXT, outer))] as const;
  });
  await until('each was reported', () => bench.logs().length >= 600);
  assert.equal(bench.logs().length, 600);
  const waiting = (span: Span) =>
    bench.logs().find(({ spanId }) => spanId === span.spanContext().spanId)!.tags!['rowtrace.slow.waits_for'];
  for (const [outer, inner] of pairs) {
    assert.match(String(waiting(outer)), /^internal inner for \d+ ms$/);
    assert.equal(waiting(inner), undefined);
  }
  for (const span of pairs.flat()) span.end();
  assert.equal(bench.logs().length, 600, 'and once');
});

for (const [how, head] of [
  ['as an object', [200, { 'content-type': 'text/event-stream; charset=utf-8' }]],
  ['as pairs', [200, [['Content-Type', 'text/event-stream']]]],
  ['as a list', [200, ['Content-Type', 'text/event-stream']]],
] as const)
  test(`a stream of events, its head given ${how}, is not slow and does not hang; what it does is told`, async () => {
    hookWriteHead();
    const bench = captureBench({ stillRunningFactor: 1, slowMillis: { inner: 100 }, baselines: judge() });
    const attributes = { 'http.request.method': 'GET', 'http.route': '/dogs/:id' };
    const startTime = Date.now() - 60_000;
    const spans = ['text/plain', 'events'].map((type) => {
      const span = bench.tracer.startSpan(type, { kind: SpanKind.SERVER, attributes, startTime });
      const response = new ServerResponse(new IncomingMessage(new Socket()));
      served.note(response, { context: trace.setSpan(ROOT_CONTEXT, span) });
      answerWithId(response, 'x-request-id', 'rid');
      response.writeHead(...((type === 'events' ? head : [200, { 'content-type': type }]) as unknown as [number]));
      return span;
    });
    const inner = bench.tracer.startSpan('inner', { startTime }, trace.setSpan(ROOT_CONTEXT, spans[1]!));
    await until('both were reported', () => bench.logs().length >= 2);
    for (const span of [inner, ...spans]) span.end();
    assert.deepEqual(
      bench.logs().map(({ spanId }) => spanId),
      [spans[0], inner].map((span) => span!.spanContext().spanId),
    );
  });

test('a blocked loop is seen while it blocks and after it, a free one is not', async () => {
  const loop = new LoopDelay();
  loop.start();
  await new Promise((turn) => setTimeout(turn, 120));
  const from = now();
  while (now() - from < 400);
  const to = now();
  const seen = loop.blockedBetween(from, to);
  assert.ok(seen > 250 && seen <= to - from + 1, `while it blocks: ${seen}`);
  await new Promise((turn) => setTimeout(turn, 120));
  const after = loop.blockedBetween(from, to);
  assert.ok(after > 250 && after <= to - from + 1, `after it: ${after}`);
  assert.equal(loop.blockedBetween(from - 1_000_000, from - 900_000), 0);
  loop.stop();
});
