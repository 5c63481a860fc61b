// Composition root of the in-process pipe: options in, rooms wired, OpenTelemetry providers registered; out comes what
// can be flushed, shut down and asked. Everything that touches the process (listeners, globals, hooks) is named here.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { context, type Histogram, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { createAlwaysRecordSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { hookCrashes } from './capture/crash.ts';
import { canResolve, leanInstrumentations } from './capture/instrumentations.ts';
import { RowtraceLogProcessor } from './capture/log-processor.ts';
import { hookConsole, hookPino } from './capture/loggers.ts';
import { RowtraceMetricReader } from './capture/metric-reader.ts';
import { SPAN_DURATION } from './capture/operation.ts';
import { bridgeOldLogsApi, logsApi } from './otel/lines.ts';
import { type OtelSettings, samplerOf } from './capture/otel-settings.ts';
import { hookWriteHead } from './capture/request-id.ts';
import { RowtraceSpanProcessor } from './capture/span-processor.ts';
import { OccurrenceTracker } from './capture/tracker.ts';
import { userExporters, userPropagator, userResource } from './capture/user-exporters.ts';
import { type DeliveryThread, startDeliveryThread } from './deliver/delivery-thread.ts';
import { type Journal, type JournalStats, openJournal } from './journal/journal.ts';
import { hookEndOfProcess } from './options/end-of-process.ts';
import { loadOptions, type Options, type OptionsInput } from './options/options.ts';
import { readOtelEnvironment } from './options/otel-env.ts';
import { resolveResource } from './options/resource.ts';
import { say } from './options/say.ts';
import type { LedgerFact, ResourceFact } from './record/fact.ts';
import { severityOfLevel } from './record/level.ts';
import { createScrubber } from './record/scrub/scrubber.ts';
import { threadOptions } from './thread-options.ts';

const LEDGER_MILLIS = 10_000;
const RUNNING = Symbol.for('rowtrace.running');

export interface Status {
  journal: JournalStats;
  /** Absent where no database is configured: then another process ships. */
  delivery?: ReturnType<DeliveryThread['status']>;
}

export interface Running {
  readonly resource: ResourceFact;
  /** Names of what is hooked. */
  readonly hooked: readonly string[];
  /** Resolves when all that was captured before is in the database (true) or the time is over (false). */
  flush(timeoutMillis?: number): Promise<boolean>;
  /** Flushes, undoes every hook and stops. Nothing is captured afterwards. */
  shutdown(timeoutMillis?: number): Promise<void>;
  status(): Status;
}

/**
 * Starts Rowtrace in this process, once: a second call gives the one that runs.
 *
 * @returns nothing when another OpenTelemetry SDK is registered already (one line on stderr says what to do)
 * @throws RowtraceError when an option is not valid
 */
export function start(given: { options?: Options } | OptionsInput = {}): Running | undefined {
  const globals = globalThis as unknown as Record<symbol, Running | undefined>;
  if (globals[RUNNING] !== undefined) return globals[RUNNING];
  const options = 'options' in given && given.options ? (given.options as Options) : loadOptions(given as OptionsInput);
  if (otherSdk()) {
    say(
      'another OpenTelemetry SDK is registered in this process; nothing was started. Remove `rowtrace/register`, and let your Collector or SDK send to Rowtrace instead, or let Rowtrace start first',
    );
    return undefined;
  }
  const otel = readOtelEnvironment();
  for (const problem of otel.problems) say(problem);
  const running = wire(options, otel);
  globals[RUNNING] = running;
  return running;
}

/** The Rowtrace that runs in this process, whichever copy of the package started it. */
export function running(): Running | undefined {
  return (globalThis as unknown as Record<symbol, Running | undefined>)[RUNNING];
}

function otherSdk(): boolean {
  const provider = trace.getTracerProvider() as { getDelegate?: () => object };
  const delegate = provider.getDelegate?.() ?? provider;
  return delegate.constructor.name !== 'NoopTracerProvider';
}

function wire(options: Options, otel: OtelSettings): Running {
  const resource = resolveResource(options, otel);
  const scrubber = createScrubber({ keys: options.scrubKeys, patterns: options.scrubPatterns, custom: options.scrub });
  const { journal, delivery } = openPipe(options, resource);
  const tracker = new OccurrenceTracker(journal, scrubber, options);

  const spanProcessor = new RowtraceSpanProcessor({
    ...options,
    tracker,
    writer: journal,
    scrubber,
    sampling: { rate: options.callSampleRate, random: Math.random },
    spanDuration: lazyHistogram(),
  });
  const logProcessor = new RowtraceLogProcessor({ tracker, scrubber, level: options.level });
  const reader = new RowtraceMetricReader((facts) => {
    for (const fact of facts) journal.append(fact);
  });
  const theirs = userExporters(otel, say);
  const sdkResource = userResource(resource, otel);
  const tracerProvider = new TracerProvider({
    resource: sdkResource,
    // Outermost, so that errors and slow spans of unsampled traces are seen; what is exported elsewhere stays sampled.
    sampler: createAlwaysRecordSampler(samplerOf(otel.sampler)),
    spanLimits: otel.spanLimits,
    spanProcessors: [spanProcessor, ...theirs.spanProcessors],
  });
  const loggerProvider = new LoggerProvider({
    resource: sdkResource,
    processors: [logProcessor, ...theirs.logProcessors],
  });
  const meterProvider = new MeterProvider({ resource: sdkResource, readers: [reader, ...theirs.metricReaders] });

  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(userPropagator(otel, say));
  trace.setGlobalTracerProvider(tracerProvider);
  metrics.setGlobalMeterProvider(meterProvider);
  const logs = logsApi();
  logs.setGlobalLoggerProvider(loggerProvider);

  const instrumentations = leanInstrumentations({
    requestIdHeaders: options.requestIdHeaders,
    resolve: resolveAsApplication,
    enabled: otel.enabledInstrumentations,
    disabled: otel.disabledInstrumentations,
    onProblem: say,
  });
  const unregister = registerInstrumentations({ instrumentations: [...instrumentations.values()] });
  if (instrumentations.has('http')) {
    // The hook patches a built-in module when it is required; an ESM application only imports it.
    const load = createRequire(import.meta.url);
    load('node:http');
    load('node:https');
    hookWriteHead();
  }

  const ledger = setInterval(writeLedger, LEDGER_MILLIS);
  ledger.unref();
  function writeLedger(): void {
    const fact = ledgerOf(tracker, journal);
    if (fact !== undefined) journal.append(fact);
  }

  const undo = [
    unregister,
    bridgeOldLogsApi(loggerProvider),
    hookConsole(logs.getLogger('console'), options.console),
    hookPino(logs.getLogger('pino'), severityOfLevel(options.level)),
    hookCrashes(tracker),
    hookEndOfProcess({
      beforeExit: () => void reader.forceFlush().catch(() => {}),
      exit: () => {
        writeLedger();
        journal.close();
        delivery?.flushSync(options.exitTimeoutMillis);
      },
      // With the option only: without it no signal handler is installed at all.
      terminate: options.flushOnSigterm ? () => flush(options.exitTimeoutMillis) : undefined,
    }),
  ];

  async function flush(timeoutMillis = 5000): Promise<boolean> {
    await reader.forceFlush().catch(() => {});
    writeLedger();
    journal.flushSync();
    return delivery === undefined ? true : delivery.flush(timeoutMillis);
  }

  return {
    resource,
    hooked: [
      ...instrumentations.keys(),
      ...(canResolve('pino', resolveAsApplication) ? ['pino'] : []),
      'crashes',
      ...(options.console === 'off' ? [] : ['console']),
    ],
    flush,
    async shutdown(timeoutMillis = 5000) {
      await flush(timeoutMillis);
      clearInterval(ledger);
      for (const one of undo) one();
      const theirEnd = Promise.allSettled([
        tracerProvider.shutdown(),
        loggerProvider.shutdown(),
        meterProvider.shutdown(),
      ]);
      await Promise.race([theirEnd, new Promise((done) => setTimeout(done, timeoutMillis).unref())]);
      for (const api of [trace, metrics, logs, propagation, context]) api.disable();
      journal.close();
      await delivery?.flush(timeoutMillis);
      await delivery?.close();
      delete (globalThis as unknown as Record<symbol, unknown>)[RUNNING];
    },
    status: () => ({ journal: journal.stats(), delivery: delivery?.status() }),
  };
}

/** The journal, and where a database is configured the thread that ships it. */
function openPipe(
  options: Options,
  resource: ResourceFact,
): { journal: Journal; delivery: DeliveryThread | undefined } {
  let delivery: DeliveryThread | undefined;
  const journal = openJournal({
    dir: options.dir,
    resource,
    maxBytes: options.journalMaxBytes,
    shippedBy: options.databaseUrl ? 'self' : 'owner',
    onProblem: say,
    onOpened: (journalDir) => delivery?.follow(journalDir),
  });
  if (options.databaseUrl) {
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
    delivery = startDeliveryThread({
      entry: new URL(`./thread${extension}`, import.meta.url),
      options: threadOptions(options, options.databaseUrl),
    });
  }
  return { journal, delivery };
}

/** From the entry file, and from the working directory where the entry file is a launcher installed elsewhere. */
function resolveAsApplication(name: string): string {
  const here = join(process.cwd(), 'noop.js');
  try {
    return createRequire(process.argv[1] ?? here).resolve(name);
  } catch {
    return createRequire(here).resolve(name);
  }
}

/** The meter exists only after its provider is registered; asked for at the first use. */
function lazyHistogram(): () => Histogram | undefined {
  let histogram: Histogram | undefined;
  return () => {
    histogram ??= metrics
      .getMeter('rowtrace')
      .createHistogram(SPAN_DURATION, { unit: 's', description: 'Duration of spans that no instrumentation made.' });
    return histogram;
  };
}

function ledgerOf(tracker: OccurrenceTracker, journal: Journal): LedgerFact | undefined {
  const fact = tracker.ledger();
  if (fact !== undefined) {
    for (const [reason, count] of Object.entries(journal.stats().dropped))
      fact.dropped[reason] = (fact.dropped[reason] ?? 0) + count;
  }
  return fact;
}
