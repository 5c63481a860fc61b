// The OpenTelemetry face for records: an exporter for a user's own BatchLogRecordProcessor. Log records in, rows of error_logs out;
// without a journal, what is not written within its retries is reported to the processor as failed, and lost.

import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { LogRecordExporter, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { Sink } from '../../src/deliver/sink.ts';
import { logGroups } from './sdk-signals.ts';
import { type SignalExporterOptions, SignalPipe } from './signal-pipe.ts';

/**
 * Writes log records from `level` on; exported twice, a record is one row.
 *
 * ```ts
 * const sink = createPostgresSink({ open: async () => openPostgres(url) });
 * new BatchLogRecordProcessor({ exporter: new PostgresLogExporter(sink, { journal: { dir: '/var/lib/app' } }) });
 * ```
 */
export class PostgresLogExporter implements LogRecordExporter {
  readonly #pipe: SignalPipe;
  #stopped: Promise<void> | undefined;

  /**
   * @param sink of createPostgresSink; exporters of one sink share their options, and the last to shut down closes it
   * @throws RowtraceError RT_SINK_MISSING
   */
  constructor(sink: Sink, options: SignalExporterOptions = {}) {
    this.#pipe = SignalPipe.of(sink, this, options);
  }

  export(records: ReadableLogRecord[], done: (result: ExportResult) => void): void {
    if (this.#stopped) {
      done({ code: ExportResultCode.FAILED, error: new Error('the exporter was shut down') });
      return;
    }
    this.#pipe.export('logs', () => logGroups(records), done);
  }

  forceFlush(): Promise<void> {
    return this.#pipe.flush();
  }

  shutdown(): Promise<void> {
    this.#stopped ??= this.#pipe.release();
    return this.#stopped;
  }
}
