// Capture on a bench: real OpenTelemetry providers with our processors, facts collected in an array. Nothing global is
// registered except the context manager, which the API needs to find the active span.

import { after, before } from 'node:test';
import { type Attributes, context, logs, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { AlwaysOnSampler, createAlwaysRecordSampler, type Sampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Exemplars } from '../../src/capture/exemplars.ts';
import { RowtraceLogProcessor } from '../../src/capture/log-processor.ts';
import { RowtraceSpanProcessor } from '../../src/capture/span-processor.ts';
import { OccurrenceTracker } from '../../src/capture/tracker.ts';
import type { BaselineJudge } from '../../src/record/baseline.ts';
import type { AmendFact, CallFact, CountFact, Fact, LogFact } from '../../src/record/fact.ts';
import type { Level } from '../../src/record/level.ts';
import { createScrubber } from '../../src/record/scrub/scrubber.ts';

let contextManager: AsyncLocalStorageContextManager | undefined;

export interface BenchOptions {
  level?: Level;
  statusRows?: number;
  sampler?: Sampler;
  rate?: number;
  slowMillis?: Record<string, number>;
  stillRunningFactor?: number;
  baselines?: BaselineJudge;
  exemplars?: Exemplars;
  userId?: 'plain' | 'hash' | 'off';
  userIdKey?: string;
  stormRows?: number;
  now?: () => number;
  onOldLine?: () => void;
  /** Told of each duration that our own metric is given: its attributes. */
  onDuration?: (attributes: Attributes) => void;
}

export function captureBench(options: BenchOptions = {}) {
  if (contextManager === undefined) {
    contextManager = new AsyncLocalStorageContextManager().enable();
    context.setGlobalContextManager(contextManager);
  }
  const facts: Fact[] = [];
  const now: Fact[] = [];
  const writer = {
    append: (fact: Fact) => void facts.push(fact),
    appendNow: (fact: Fact) => {
      facts.push(fact);
      now.push(fact);
    },
  };
  const scrubber = createScrubber();
  const tracker = new OccurrenceTracker(writer, scrubber, {
    userId: options.userId ?? 'plain',
    userIdKey: options.userIdKey,
    stormRows: options.stormRows,
    ...(options.now && { now: options.now }),
  });
  const spanProcessor = new RowtraceSpanProcessor({
    tracker,
    writer,
    scrubber,
    statusRows: options.statusRows ?? 500,
    sampling: { rate: options.rate ?? 0, random: () => 0.5 },
    slowServerMillis: 2000,
    slowClientMillis: 1000,
    slowDbMillis: 500,
    slowMillis: options.slowMillis ?? {},
    stillRunningFactor: options.stillRunningFactor ?? 0,
    ...(options.baselines === undefined ? {} : { baselines: options.baselines }),
    ...(options.onOldLine === undefined ? {} : { onOldLine: options.onOldLine }),
    ...(options.exemplars === undefined ? {} : { exemplars: options.exemplars }),
    spanDuration: () => ({ record: (_seconds, attributes = {}) => options.onDuration?.(attributes) }),
  });
  const tracers = new TracerProvider({
    sampler: createAlwaysRecordSampler(options.sampler ?? new AlwaysOnSampler()),
    spanProcessors: [spanProcessor],
  });
  const loggers = new LoggerProvider({
    processors: [new RowtraceLogProcessor({ tracker, scrubber, level: options.level ?? 'WARNING' })],
  });
  return {
    facts,
    /** Those that were written before the call returned. */
    now,
    tracker,
    spanProcessor,
    tracers,
    loggers,
    tracer: tracers.getTracer('test'),
    logger: loggers.getLogger('test'),
    logs: () => facts.filter((fact): fact is LogFact => fact.k === 'log'),
    amendments: () => facts.filter((fact): fact is AmendFact => fact.k === 'amend'),
    /** Pairs of a row and the row that it is part of. */
    merges: () =>
      facts.flatMap((fact) => (fact.k === 'log' ? (fact.absorbs ?? []).map((row) => ({ row, into: fact.id })) : [])),
    counts: () => facts.filter((fact): fact is CountFact => fact.k === 'count'),
    calls: () => facts.filter((fact): fact is CallFact => fact.k === 'call'),
    ledger: () => tracker.ledger(),
  };
}

/** The same, to which the global API leads while the tests of a file run. */
export function globalCaptureBench(options: Parameters<typeof captureBench>[0]): ReturnType<typeof captureBench> {
  const bench = captureBench(options);
  before(() => {
    logs.setGlobalLoggerProvider(bench.loggers);
    trace.setGlobalTracerProvider(bench.tracers);
  });
  after(() => {
    logs.disable();
    trace.disable();
  });
  return bench;
}
