// Beside OpenTelemetry JS 1.x, by what its objects are made of: rows of its spans, and no metric that throws.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Attributes, ROOT_CONTEXT, SpanKind, type SpanStatusCode } from '@opentelemetry/api';
import { InstrumentType } from '@opentelemetry/sdk-metrics';
import { AlwaysOnSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { MemorySink } from '../../exporters/memory/memory-sink.ts';
import { PostgresMetricExporter } from '../../exporters/postgres/metric-exporter.ts';
import { spanGroups } from '../../exporters/postgres/sdk-signals.ts';
import { SignalPipe } from '../../exporters/postgres/signal-pipe.ts';
import { RowtraceMetricReader } from '../../src/capture/metric-reader.ts';
import { onceNamed } from '../../src/capture/on-resource.ts';
import { createScrubber } from '../../src/record/scrub/scrubber.ts';
import { captureBench } from '../support/capture.ts';

/** As the class of 1.30 has its fields. */
class OldSpan {
  instrumentationLibrary = { name: 'old-shop', version: '1' };
  parentSpanId = '00f067aa0ba902b7';
  kind = SpanKind.INTERNAL;
  name = 'pay';
  attributes: Attributes = {};
  links = [];
  events: { name: string; time: [number, number]; attributes: Attributes }[] = [];
  status = { code: 0 as SpanStatusCode };
  resource = { attributes: { 'service.name': 'shop' } };
  startTime = [1_700_000_000, 0];
  endTime = [1_700_000_000, 5_000_000];
  duration = [0, 5_000_000];
  ended = false;
  spanContext() {
    return { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '53995c3f42cd8ad8', traceFlags: 1 };
  }
  isRecording() {
    return !this.ended;
  }
  recordException(error: Error) {
    this.events.push({
      name: 'exception',
      time: [1_700_000_000, 0],
      attributes: { 'exception.message': error.message },
    });
  }
}

test('an exception on a span of 1.x is a row, once, with the name of its library', () => {
  const told: string[] = [];
  const bench = captureBench({ onOldLine: () => void told.push('old') });
  const processor = bench.spanProcessor;
  for (const message of ['no dog', 'no cat']) {
    const span = new OldSpan();
    processor.onStart(span as never, ROOT_CONTEXT);
    span.recordException(new RangeError(message));
    span.ended = true;
    processor.onEnd(span as never);
  }
  assert.deepEqual(
    bench.logs().map(({ error, module }) => [error?.type, error?.message, module]),
    [
      ['RangeError', 'no dog', 'old-shop'],
      ['RangeError', 'no cat', 'old-shop'],
    ],
  );
  assert.deepEqual(told, ['old']);
});

test('spans of later lines are left as they are', () => {
  const span = new TracerProvider({ sampler: new AlwaysOnSampler() }).getTracer('new').startSpan('a');
  const told: string[] = [];
  captureBench({ onOldLine: () => void told.push('old') }).spanProcessor.onStart(span as never, ROOT_CONTEXT);
  assert.equal(Object.hasOwn(Object.getPrototypeOf(span), 'instrumentationScope'), false);
  assert.deepEqual(told, []);
});

test('an instrument made by 1.x gets something to aggregate with, which keeps nothing', () => {
  const told: string[] = [];
  const reader = new RowtraceMetricReader(
    () => {},
    createScrubber(),
    undefined,
    undefined,
    () => void told.push('old'),
  );
  const sink = new MemorySink();
  const exporter = new PostgresMetricExporter(sink);
  const { measured } = SignalPipe.of(sink, exporter);
  assert.ok(measured.scopes);
  for (const instrument of [InstrumentType.HISTOGRAM, InstrumentType.COUNTER])
    for (const selector of [reader, exporter]) {
      const aggregation = selector.selectAggregation(instrument) as unknown as { createAggregator(): OldAggregator };
      const aggregator = aggregation.createAggregator();
      assert.equal(aggregator.kind, 0);
      assert.equal(aggregator.toMetricData(), undefined);
    }
  assert.equal(told.length, 2);
  assert.equal(measured.scopes, undefined, 'spans are measured, since no metric is');
});

interface OldAggregator {
  kind: number;
  toMetricData(): unknown;
}

test('the exporter of spans takes scope and parent of 1.x', () => {
  const [group] = spanGroups([new OldSpan() as never]);
  assert.equal(group?.scopes[0]?.scope, 'old-shop');
  assert.equal(group?.scopes[0]?.items[0]?.parentSpanId, '00f067aa0ba902b7');
});

test('the resource of 1.x names the service once it is complete', () => {
  const heard: unknown[] = [];
  const onResource = onceNamed((attributes) => heard.push(attributes['service.name']));
  const resource = { attributes: { 'service.name': 'shop' }, asyncAttributesPending: true };
  onResource(resource);
  assert.deepEqual(heard, []);
  resource.asyncAttributesPending = false;
  onResource(resource);
  assert.deepEqual(heard, ['shop']);
});
