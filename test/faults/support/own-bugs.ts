// Breaks one thing of ours after the other and lets an application go on. In: nothing. Out: what reached the application, and
// which bugs nobody counted. The things are what the hooks call: every method of the tracker, scrubbing, the journal.

import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { AlwaysOnSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { hookCrashes } from '../../../src/capture/crash.ts';
import { RowtraceLogProcessor } from '../../../src/capture/log-processor.ts';
import { hookConsole } from '../../../src/capture/loggers.ts';
import { hookRejections } from '../../../src/capture/rejections.ts';
import { RowtraceSpanProcessor } from '../../../src/capture/span-processor.ts';
import { OccurrenceTracker } from '../../../src/capture/tracker.ts';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';

export interface Injected {
  points: number;
  calls: number;
  thrown: string[];
  silent: string[];
}

/** What counts and reports failures may not be broken: something has to tell. */
const TELLERS = ['constructor', 'failed', 'ledger'];

export function injectBugs(): Injected {
  const result: Injected = { points: 0, calls: 0, thrown: [], silent: [] };
  const methods = Object.getOwnPropertyNames(OccurrenceTracker.prototype).filter((name) => !TELLERS.includes(name));
  const points = [
    ...methods.map((name) => `tracker.${name}`),
    'scrubber.text',
    'scrubber.tags',
    'writer.append',
    'writer.appendNow',
    'random',
    'spanDuration',
  ];
  for (const point of points) {
    let reached = 0;
    const broken = (): never => {
      reached++;
      throw new Error(`a bug of ours in ${point}`);
    };
    const tracker = drive(point, broken, result);
    // `flush` and the like belong to ends that this application does not come to.
    if (reached === 0) continue;
    result.points++;
    if (!((tracker.ledger()?.dropped.internal_error ?? 0) > 0)) result.silent.push(point);
  }
  return result;
}

function drive(point: string, broken: () => never, result: Injected): OccurrenceTracker {
  const [target, name] = point.split('.') as [string, string | undefined];
  const scrubber = createScrubber();
  const writer = { append: () => {}, appendNow: () => {} };
  const tracker = new OccurrenceTracker(writer, scrubber, { userId: 'plain' });
  const holders: Record<string, object> = { tracker, scrubber, writer };
  if (name !== undefined) Object.defineProperty(holders[target], name, { value: broken });
  const processor = new RowtraceSpanProcessor({
    tracker,
    writer,
    scrubber,
    statusRows: 500,
    sampling: { rate: 0.5, random: point === 'random' ? broken : () => 0.1 },
    slowServerMillis: 0,
    slowClientMillis: 0,
    slowDbMillis: 0,
    slowMillis: {},
    stillRunningFactor: 0,
    ...(point === 'spanDuration' ? { spanDuration: broken } : {}),
  });
  const tracer = new TracerProvider({ sampler: new AlwaysOnSampler(), spanProcessors: [processor] }).getTracer('app');
  const logger = new LoggerProvider({
    processors: [new RowtraceLogProcessor({ tracker, scrubber, level: 'DEBUG' })],
  }).getLogger('app');
  const original = console.error;
  console.error = () => {};
  const listener = () => {};
  process.on('unhandledRejection', listener);
  const undo = [hookConsole(logger, 'all'), hookCrashes(tracker), hookRejections(tracker)];
  undo.push(() => process.removeListener('unhandledRejection', listener));
  const emitter: NodeJS.EventEmitter = process;
  const actions: Record<string, () => void> = {
    'a request that fails': () => {
      const span = tracer.startSpan('GET /dogs/7', {
        kind: SpanKind.SERVER,
        attributes: { 'http.request.method': 'GET', 'http.route': '/dogs/:id', 'http.response.status_code': 500 },
      });
      context.with(trace.setSpan(context.active(), span), () => span.recordException(new Error('theirs')));
      span.setStatus({ code: SpanStatusCode.ERROR }).end();
    },
    'a call of another service': () =>
      tracer
        .startSpan('GET', {
          kind: SpanKind.CLIENT,
          attributes: { 'http.request.method': 'GET', 'server.address': 'x' },
        })
        .end(),
    'work of its own': () => tracer.startSpan('work', { attributes: { 'rowtrace.call': true } }).end(),
    'a log record': () => logger.emit({ severityNumber: 13, body: 'words', attributes: { dog: 7 } }),
    'a log record of an error': () =>
      logger.emit({ severityNumber: 17, body: 'words', exception: new Error('theirs') }),
    'a described error': () =>
      logger.emit({
        severityNumber: 17,
        body: 'words',
        attributes: { 'exception.type': 'E', 'exception.message': 'm' },
      }),
    'console.error': () => console.error('words', new Error('theirs')),
    'a rejection': () => void emitter.emit('unhandledRejection', new Error('theirs'), Promise.resolve()),
    'a crash': () => void emitter.emit('uncaughtExceptionMonitor', new Error('theirs'), 'uncaughtException'),
  };
  for (const [action, act] of Object.entries(actions)) {
    result.calls++;
    try {
      act();
    } catch (error) {
      result.thrown.push(`${point}, ${action}: ${error}`);
    }
  }
  for (const one of undo) one();
  console.error = original;
  return tracker;
}
