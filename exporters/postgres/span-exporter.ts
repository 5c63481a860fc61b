// The OpenTelemetry face for spans: an exporter for a user's own BatchSpanProcessor. Finished spans in; rows of exceptions, failures and slow spans, calls and latencies out;
// without a journal, what is not written within its retries is reported to the processor as failed, and lost.

import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Sink } from '../../src/deliver/sink.ts';
import { spanGroups } from './sdk-signals.ts';
import { type SignalExporterOptions, SignalPipe } from './signal-pipe.ts';

/**
 * Writes exceptions, failures, slow spans, calls and latencies of spans; exported twice, a record is one row.
 *
 * ```ts
 * const sink = createPostgresSink({ open: async () => openPostgres(url) });
 * new BatchSpanProcessor({ exporter: new PostgresSpanExporter(sink, { journal: { dir: '/var/lib/app' } }) });
 * ```
 */
export class PostgresSpanExporter implements SpanExporter {
  readonly #pipe: SignalPipe;
  #stopped: Promise<void> | undefined;

  /**
   * @param sink of createPostgresSink; exporters of one sink share their options, and the last to shut down closes it
   * @throws RowtraceError RT_SINK_MISSING
   */
  constructor(sink: Sink, options: SignalExporterOptions = {}) {
    this.#pipe = SignalPipe.of(sink, this, options);
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    if (this.#stopped) {
      done({ code: ExportResultCode.FAILED, error: new Error('the exporter was shut down') });
      return;
    }
    this.#pipe.export('traces', () => spanGroups(spans), done);
  }

  forceFlush(): Promise<void> {
    return this.#pipe.flush();
  }

  shutdown(): Promise<void> {
    this.#stopped ??= this.#pipe.release();
    return this.#stopped;
  }
}
