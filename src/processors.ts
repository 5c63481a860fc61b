// The own-SDK door: what a service adds to the OpenTelemetry SDK it runs already. The SDK stays the user's; the pipe behind
// the processors is the same as with the preload.

import { createAlwaysRecordSampler, type Sampler } from '@opentelemetry/sdk-trace';
import type { RowtraceLogProcessor } from './capture/log-processor.ts';
import type { RowtraceMetricReader } from './capture/metric-reader.ts';
import { samplerOf } from './capture/otel-settings.ts';
import type { RowtraceSpanProcessor } from './capture/span-processor.ts';
import { loadOptions, type OptionsInput } from './options/options.ts';
import { readOtelEnvironment } from './options/otel-env.ts';
import { resolveResource } from './options/resource.ts';
import { say } from './options/say.ts';
import { keepsContext } from './otel/context-keys.ts';
import { takesLogs } from './otel/lines.ts';
import { openPipeline, type Status } from './pipeline.ts';
import { hookProcess } from './process-hooks.ts';

export interface Processors {
  /** For `spanProcessors`. */
  spanProcessor: RowtraceSpanProcessor;
  /** For `logRecordProcessors`. */
  logRecordProcessor: RowtraceLogProcessor;
  /** For `metricReaders`. */
  metricReader: RowtraceMetricReader;
  /**
   * Wraps your sampler, so that errors and slow spans of unsampled traces are seen; what you export stays sampled. Without one
   * it is the sampler that OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG name, which an SDK asks only when it is given none.
   */
  alwaysRecord(sampler?: Sampler): Sampler;
  /** Crashes, console and pino, the flush at the end of the process; call it once your SDK is started. Nothing with
   *  OTEL_SDK_DISABLED=true, like that SDK. */
  hookProcess(): void;
  flush(timeoutMillis?: number): Promise<boolean>;
  shutdown(timeoutMillis?: number): Promise<void>;
  status(): Status;
}

/**
 * Opens the pipe and gives the pieces for your own SDK. Service, release and environment come from the options; what
 * they do not say from your SDK's resource (`service.name`, `service.version`, `deployment.environment.name`), else as with
 * the preload from package.json and NODE_ENV. Rows of one process have one origin.
 *
 * ```ts
 * const rowtrace = createProcessors({ databaseUrl });
 * new NodeSDK({
 *   sampler: rowtrace.alwaysRecord(new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0.1) })),
 *   spanProcessors: [rowtrace.spanProcessor, new BatchSpanProcessor({ exporter })],
 *   logRecordProcessors: [rowtrace.logRecordProcessor],
 *   metricReaders: [rowtrace.metricReader],
 * }).start();
 * rowtrace.hookProcess();
 * ```
 *
 * @throws RowtraceError RT_OPTION_INVALID, RT_OPTION_UNKNOWN, RT_CONFIG_UNREADABLE
 */
export function createProcessors(input: OptionsInput = {}): Processors {
  const options = loadOptions(input);
  const otel = readOtelEnvironment();
  const pipeline = openPipeline(options, resolveResource(options, otel), { ofSdk: true });
  let undo: (() => void) | undefined;
  return {
    spanProcessor: pipeline.spanProcessor,
    logRecordProcessor: pipeline.logRecordProcessor,
    metricReader: pipeline.metricReader,
    alwaysRecord(sampler) {
      if (sampler === undefined && otel.sampler.problem) say(otel.sampler.problem);
      return createAlwaysRecordSampler(sampler ?? samplerOf(otel.sampler));
    },
    hookProcess() {
      if (otel.disabled) return;
      if (undo === undefined && !takesLogs())
        say(
          'hookProcess(): no LoggerProvider is registered, so errors that console and loggers log are not recorded: give your SDK logRecordProcessors: [rowtrace.logRecordProcessor], and call hookProcess() after start() (docs/own-sdk.md)',
        );
      if (undo === undefined && !keepsContext())
        say(
          'hookProcess(): no context manager is registered, so rows have no request, route or status, and a request that failed has one more: give your SDK the AsyncLocalStorageContextManager of @opentelemetry/context-async-hooks, and call hookProcess() after start() (docs/own-sdk.md)',
        );
      undo ??= hookProcess(pipeline, options);
      // Whose it is, before anything is recorded: a crash may be the first.
      void pipeline.collect();
    },
    flush: (timeoutMillis = 5000) => pipeline.flush(timeoutMillis),
    async shutdown(timeoutMillis = 5000) {
      const deadline = performance.now() + timeoutMillis;
      await pipeline.flush(timeoutMillis);
      undo?.();
      await pipeline.close(Math.max(0, deadline - performance.now()));
    },
    status: () => pipeline.status(),
  };
}
