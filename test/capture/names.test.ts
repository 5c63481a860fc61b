// Templates, names of functions and modules, and names of operations are made of values, too: they are scrubbed like all else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OperationBound } from '../../src/record/operation-bound.ts';
import { createScrubber } from '../../src/record/scrub/scrubber.ts';
import { captureBench } from '../support/capture.ts';

const SECRET = 'sync postgres://app:hunter2@db/x password=hunter2';

function assertScrubbed(facts: unknown): void {
  const text = JSON.stringify(facts);
  assert.match(text, /scrubbed/);
  assert.doesNotMatch(text, /hunter2/);
}

test('a template, a logger and a function that hold a secret', () => {
  const bench = captureBench({ stormRows: 1 });
  for (let time = 0; time < 3; time++)
    bench.logger.emit({
      severityNumber: 17,
      body: 'sync failed',
      attributes: { 'log.template': SECRET, 'logger.name': SECRET, 'code.function.name': SECRET },
    });
  bench.ledger();
  assert.ok(bench.counts().length > 0, 'some were only counted');
  assertScrubbed(bench.facts);
});

test('a span that is named by a value: failed, slow, and inside a slow one', () => {
  const bench = captureBench({ slowMillis: { [SECRET]: 1, outer: 1 } });
  const start = Date.now() - 100;
  const outer = bench.tracer.startSpan('outer', { kind: SpanKind.INTERNAL, startTime: start });
  const inside = bench.tracer.startSpan(SECRET, { startTime: start }, trace.setSpan(context.active(), outer));
  inside.setStatus({ code: SpanStatusCode.ERROR });
  inside.end(start + 60);
  outer.end(start + 80);
  assert.ok(bench.logs().length >= 2);
  assertScrubbed(bench.facts);
});

test('ids of a request, of its session and its user, and the name of an error', () => {
  const bench = captureBench({ rate: 1 });
  const span = bench.tracer.startSpan('GET', {
    kind: SpanKind.SERVER,
    attributes: { 'http.request.method': 'GET', 'request.id': SECRET, 'session.id': SECRET, 'user.id': SECRET },
  });
  context.with(trace.setSpan(context.active(), span), () => {
    span.recordException(Object.assign(new Error('broken'), { name: SECRET, code: SECRET }));
  });
  span.setAttribute('error.type', SECRET);
  span.end();
  assert.ok(bench.facts.length >= 3, 'a row, its amendment and a call');
  assertScrubbed(bench.facts);
});

test('an operation keeps its bounded, scrubbed name', () => {
  const bound = new OperationBound(createScrubber());
  const named = { kind: 'internal', name: SECRET, statusClass: 'ok', peer: `${'x'.repeat(10_000)}` } as const;
  for (let time = 0; time < 2; time++) assertScrubbed(bound.bound(named));
  assert.ok(bound.bound(named).peer!.length <= 512);
});
