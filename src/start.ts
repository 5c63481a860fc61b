// Starts Rowtrace with an SDK of its own: options in, the pipe opened, OpenTelemetry providers registered, hooks put in
// place; out comes what can be flushed, shut down and asked. Everything that touches the process is named here.

import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import type { LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { createAlwaysRecordSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { ApplicationModules } from './capture/application-modules.ts';
import { HOOKED_MODULES, leanInstrumentations } from './capture/instrumentations.ts';
import { RowtraceLoggerProvider } from './capture/logger-provider.ts';
import { isConsoleFrozen, LOGGERS } from './capture/loggers.ts';
import { type OtelSettings, samplerOf } from './capture/otel-settings.ts';
import { userExporters, userResource } from './capture/user-exporters.ts';
import { userPropagator } from './capture/user-propagators.ts';
import { entryFile, workingFolder } from './options/launcher.ts';
import { loadOptions, type Options, type OptionsInput } from './options/options.ts';
import { readOtelEnvironment } from './options/otel-env.ts';
import { resolveResource } from './options/resource.ts';
import { say, sayOnce } from './options/say.ts';
import { bridgeOldLogsApi, instrumentationPackage, logsApi, sdkLogs } from './otel/lines.ts';
import { openPipeline, type Pipeline, type Status } from './pipeline.ts';
import { hookProcess } from './process-hooks.ts';
import type { ResourceFact } from './record/fact.ts';
import { ownRequire } from './util/own-files.ts';

/** What starts one SDK may start several. */
const SECOND_SDK =
  'another OpenTelemetry SDK was started after Rowtrace and registers nothing: what it should export is lost. Remove `rowtrace/register` and add the processors of createProcessors() to that SDK (docs/own-sdk.md), or remove that SDK';

const RUNNING = Symbol.for('rowtrace.running');
const globals = globalThis as unknown as Record<symbol, Running | undefined>;

export interface Running {
  readonly resource: ResourceFact;
  /** Names of what is hooked. */
  readonly hooked: readonly string[];
  /** How imports of ES modules are hooked; absent where start() was called by the application itself: they are not. */
  readonly esm?: string | undefined;
  /** Packages that were loaded before: what uses them already is not recorded. */
  readonly loadedBefore: readonly string[];
  /** Resolves when all that was captured before is in the database (true) or the time is over (false). Default 5,000. */
  flush(timeoutMillis?: number): Promise<boolean>;
  /** Flushes, undoes every hook and stops. Nothing is captured afterwards. */
  shutdown(timeoutMillis?: number): Promise<void>;
  status(): Status;
}

/**
 * Starts Rowtrace in this process, once: a second call gives the one that runs.
 *
 * @returns nothing with OTEL_SDK_DISABLED=true, and when another OpenTelemetry SDK is registered already (one line on stderr
 * says what to do)
 * @throws RowtraceError RT_OPTION_INVALID, RT_OPTION_UNKNOWN, RT_CONFIG_UNREADABLE
 */
export function start(input: OptionsInput = {}): Running | undefined {
  if (readOtelEnvironment().disabled) return undefined;
  return globals[RUNNING] ?? startWith(loadOptions(input));
}

/** The Rowtrace that runs in this process, whichever copy of the package started it. */
export function running(): Running | undefined {
  return globals[RUNNING];
}

/**
 * start() for options that are loaded already.
 *
 * @param hookImports hooks imports of ES modules and says how; called last, since whatever is loaded behind it costs more
 */
export function startWith(options: Options, hookImports?: () => string): Running | undefined {
  if (otherSdk()) {
    say(
      'another OpenTelemetry SDK is registered in this process; nothing was started. Remove `rowtrace/register` and add the processors of createProcessors() to that SDK (docs/own-sdk.md)',
    );
    return undefined;
  }
  const otel = readOtelEnvironment();
  for (const problem of otel.problems) say(problem);
  const loadedBefore = alreadyLoaded();
  if (loadedBefore.length > 0)
    say(
      `${loadedBefore.join(', ')} ${loadedBefore.length > 1 ? 'were' : 'was'} loaded before Rowtrace and may go unrecorded; put \`--import rowtrace/register\` in front of every other preload`,
    );
  const resource = resolveResource(options, otel);
  const pipeline = openPipeline(options, resource);
  const sdk = registerSdk(pipeline, resource, otel);
  const modules = applicationModules();
  const instrumentations = leanInstrumentations({
    requestIdHeaders: options.requestIdHeaders,
    modules,
    enabled: otel.enabledInstrumentations,
    disabled: otel.disabledInstrumentations,
    onProblem: say,
    onSecondSdk: sayOnce(SECOND_SDK),
  });
  const undo = [
    hookInstrumentations(instrumentations.all),
    bridgeOldLogsApi(sdk.loggers),
    hookProcess(pipeline, options),
  ];
  const running: Running = {
    resource,
    esm: hookImports?.(),
    loadedBefore,
    hooked: [
      ...instrumentations.found,
      ...LOGGERS.filter(({ name, module }) => !otel.disabledInstrumentations.includes(name) && modules.has(module)).map(
        ({ name }) => name,
      ),
      'crashes',
      ...(options.console === 'off' || isConsoleFrozen() ? [] : ['console']),
    ],
    flush: (timeoutMillis = 5000) => pipeline.flush(timeoutMillis),
    async shutdown(timeoutMillis = 5000) {
      const deadline = performance.now() + timeoutMillis;
      await pipeline.flush(timeoutMillis);
      for (const one of undo) one();
      // Exporters of the application's own have their time, whatever became of ours.
      await sdk.shutdown(timeoutMillis);
      await pipeline.close(Math.max(0, deadline - performance.now()));
      delete globals[RUNNING];
    },
    status: () => pipeline.status(),
  };
  globals[RUNNING] = running;
  return running;
}

function otherSdk(): boolean {
  const provider = trace.getTracerProvider() as { getDelegate?: () => object };
  const delegate = provider.getDelegate?.() ?? provider;
  return delegate.constructor.name !== 'NoopTracerProvider';
}

interface Sdk {
  loggers: LoggerProvider | RowtraceLoggerProvider;
  shutdown(timeoutMillis: number): Promise<void>;
}

/** Providers of all three signals, built by hand: @opentelemetry/sdk-node would bring every exporter there is. */
function registerSdk(pipeline: Pipeline, resource: ResourceFact, otel: OtelSettings): Sdk {
  const theirs = userExporters(otel, say);
  const sdkResource = userResource(resource, otel);
  const tracers = new TracerProvider({
    resource: sdkResource,
    // Outermost, so that errors and slow spans of unsampled traces are seen; what is exported elsewhere stays sampled.
    sampler: createAlwaysRecordSampler(samplerOf(otel.sampler)),
    spanLimits: otel.spanLimits,
    spanProcessors: [pipeline.spanProcessor, ...theirs.spanProcessors],
  });
  const ours = pipeline.logRecordProcessor;
  const loggers =
    theirs.logProcessors.length === 0
      ? new RowtraceLoggerProvider(ours)
      : new (sdkLogs().LoggerProvider)({ resource: sdkResource, processors: [ours, ...theirs.logProcessors] });
  const meters = new MeterProvider({
    resource: sdkResource,
    readers: [pipeline.metricReader, ...theirs.metricReaders],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(userPropagator(otel, say));
  trace.setGlobalTracerProvider(tracers);
  metrics.setGlobalMeterProvider(meters);
  logsApi().setGlobalLoggerProvider(loggers);
  return {
    loggers,
    async shutdown(timeoutMillis) {
      const ended = Promise.allSettled([tracers.shutdown(), loggers.shutdown(), meters.shutdown()]);
      await Promise.race([ended, new Promise((done) => setTimeout(done, timeoutMillis).unref())]);
      for (const api of [trace, metrics, logsApi(), propagation, context]) api.disable();
    },
  };
}

function hookInstrumentations(instrumentations: Map<string, Instrumentation[]>): () => void {
  // In a bundle there may be none.
  if (instrumentations.size === 0) return () => {};
  const { registerInstrumentations } = instrumentationPackage();
  const undo = registerInstrumentations({ instrumentations: [...instrumentations.values()].flat() });
  if (!instrumentations.has('http')) return undo;
  // The hook patches a built-in module when it is required; an ESM application only imports it, perhaps by names.
  ownRequire('node:http');
  ownRequire('node:https');
  syncBuiltinESMExports();
  return () => {
    undo();
    syncBuiltinESMExports();
  };
}

/** Of the packages that are hooked as they are loaded (loggers are hooked later, too); an imported CommonJS package is in the cache as well. */
function alreadyLoaded(): string[] {
  const hooked = new Set(HOOKED_MODULES);
  const loaded = new Set<string>();
  for (const file of Object.keys(ownRequire.cache ?? {})) {
    const name = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(file)?.[1]?.replace('\\', '/');
    if (name !== undefined && hooked.has(name)) loaded.add(name);
  }
  return [...loaded].sort();
}

/** From the entry file, and from the working directory where the entry file is a launcher installed elsewhere. */
function applicationModules(): ApplicationModules {
  const here = join(workingFolder(), 'noop.js');
  const entry = entryFile();
  return new ApplicationModules(entry === undefined ? [here] : [entry, here]);
}
