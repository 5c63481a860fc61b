// A bug of ours in any hook: the host never hears of it, and the ledger says that something was dropped.

import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { AlwaysOnSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { hookCrashes } from '../../src/capture/crash.ts';
import { RowtraceLogProcessor } from '../../src/capture/log-processor.ts';
import { hookConsole, hookPino } from '../../src/capture/loggers.ts';
import { hookRejections } from '../../src/capture/rejections.ts';
import { RowtraceSpanProcessor } from '../../src/capture/span-processor.ts';
import { OccurrenceTracker } from '../../src/capture/tracker.ts';
import { createScrubber } from '../../src/record/scrub/scrubber.ts';

const broken = (): never => {
  throw new Error('a bug of ours');
};

function brokenBench() {
  const writer = { append: broken, appendNow: broken };
  const scrubber = createScrubber();
  const tracker = new OccurrenceTracker(writer, scrubber, { userId: 'plain' });
  const processor = new RowtraceSpanProcessor({
    tracker,
    writer,
    scrubber,
    statusRows: 500,
    sampling: { rate: 1, random: broken },
    slowServerMillis: 0,
    slowClientMillis: 0,
    slowDbMillis: 0,
    stillRunningFactor: 0,
    slowMillis: {},
    spanDuration: broken,
  });
  const tracers = new TracerProvider({ sampler: new AlwaysOnSampler(), spanProcessors: [processor] });
  const loggers = new LoggerProvider({
    processors: [new RowtraceLogProcessor({ tracker, scrubber, level: 'DEBUG' })],
  });
  return { tracker, tracer: tracers.getTracer('app'), logger: loggers.getLogger('app') };
}

test('spans start, record and end as if we were not there', () => {
  const { tracker, tracer } = brokenBench();
  const span = tracer.startSpan('work', { kind: 1, attributes: { 'http.request.method': 'GET' } });
  context.with(trace.setSpan(context.active(), span), () => span.recordException(new Error('theirs')));
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
  assert.equal((span as unknown as { events: object[] }).events.length, 1, "the SDK's own event is there");
  assert.ok((tracker.ledger()?.dropped.internal_error ?? 0) >= 1);
});

test('log records, console and pino go on', () => {
  const { tracker, logger } = brokenBench();
  logger.emit({ severityNumber: 17, body: 'x', exception: new Error('theirs') });
  const printed: unknown[] = [];
  const original = console.error;
  console.error = (...values: unknown[]) => void printed.push(values);
  const unhook = hookConsole({ emit: broken }, 'all');
  console.error('still printed', new Error('theirs'));
  unhook();
  console.error = original;
  assert.equal(printed.length, 1);
  const unhookPino = hookPino({ emit: broken }, 1);
  channel('tracing:pino_asJson:end').publish({
    instance: { bindings: broken },
    arguments: [new Error('x'), 'm', 50, ''],
  });
  unhookPino();
  assert.ok((tracker.ledger()?.dropped.internal_error ?? 0) >= 1);
});

test('a crash is observed without taking part in it', () => {
  const { tracker } = brokenBench();
  const undo = hookCrashes(tracker);
  const before = process.listenerCount('uncaughtException');
  const emitter: NodeJS.EventEmitter = process;
  emitter.emit('uncaughtExceptionMonitor', new Error('theirs'), 'uncaughtException');
  assert.equal(process.listenerCount('uncaughtException'), before);
  undo();
  assert.ok((tracker.ledger()?.dropped.internal_error ?? 0) >= 1);
});

test('a rejection that nobody handled is observed only while somebody listens for it', (t) => {
  const { tracker } = brokenBench();
  const undo = hookRejections(tracker);
  const before = process.listenerCount('unhandledRejection');
  const listener = t.mock.fn();
  process.on('unhandledRejection', listener);
  const [ours] = process.listeners('unhandledRejection');
  ours!(new Error('theirs'), Promise.resolve());
  process.removeListener('unhandledRejection', listener);
  assert.equal(process.listenerCount('unhandledRejection'), before);
  undo();
  assert.ok((tracker.ledger()?.dropped.internal_error ?? 0) >= 1);
});
