// The OpenTelemetry face for metrics: a push exporter for a user's own MeterProvider. Duration histograms in, rows of
// latency_histograms out, straight to Postgres, without a journal: what is not written within its retries is reported to
// the reader as failed, and lost.

import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import {
  type AggregationOption,
  AggregationTemporality,
  AggregationType,
  InstrumentType,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { histogramFacts } from '../../src/capture/histogram-facts.ts';
import { emptyBatch, type Sink, SinkError } from '../../src/deliver/sink.ts';
import { withOldAggregation } from '../../src/otel/old-line.ts';
import { resourceFactOf } from '../../src/receive/facts/resource.ts';
import { OperationBound } from '../../src/record/operation-bound.ts';
import { createScrubber } from '../../src/record/scrub/scrubber.ts';
import { toHistogramRow } from '../../src/record/to-rows.ts';
import { uuidv7 } from '../../src/util/uuid.ts';
import { SignalPipe } from './signal-pipe.ts';

const ATTEMPTS = 4;
const FIRST_WAIT_MILLIS = 250;
const FOR_EVER = Number.MAX_SAFE_INTEGER;
/** Instrumentations that keep a duration metric of every operation: their spans come before the first collection. */
const MEASURED = /^@opentelemetry\/instrumentation-(http|undici|pg|oracledb)$/;

/**
 * Writes exponential histograms of http.server.request.duration, http.client.request.duration,
 * db.client.operation.duration and rowtrace.span.duration; other metrics are passed over.
 *
 * ```ts
 * const sink = createPostgresSink({ open: async () => openPostgres(url) });
 * new PeriodicExportingMetricReader({ exporter: new PostgresMetricExporter(sink), exportIntervalMillis: 10_000 });
 * ```
 */
export class PostgresMetricExporter implements PushMetricExporter {
  readonly #sink: Sink;
  readonly #pipe: SignalPipe;
  readonly #process = uuidv7();
  #opened: Promise<void> | undefined;
  #pending: Promise<void> = Promise.resolve();
  readonly #scrubber = createScrubber();
  readonly #bound = new OperationBound(this.#scrubber);
  #seq = 0;
  #stopped: Promise<void> | undefined;

  /**
   * @param sink of createPostgresSink; one that span and log exporters have, too, is closed by the last to shut down, and
   * its spans are not counted where metrics are
   * @throws RowtraceError RT_SINK_MISSING
   */
  constructor(sink: Sink) {
    this.#sink = sink;
    this.#pipe = SignalPipe.of(sink, this);
    this.#pipe.measured.scopes = MEASURED;
  }

  export(metrics: ResourceMetrics, done: (result: ExportResult) => void): void {
    if (this.#stopped) {
      done({ code: ExportResultCode.FAILED, error: new Error('the exporter was shut down') });
      return;
    }
    const resource = resourceFactOf(metrics.resource.attributes, this.#process, this.#scrubber);
    // The rows, and with them their keys, are made once: a repeat of a write that had succeeded changes nothing.
    const facts = histogramFacts(metrics, () => ++this.#seq, this.#bound);
    // Of this process, so it holds as long as the process lives.
    for (const { op } of facts) this.#pipe.measured.note(resource.service, op.kind, FOR_EVER);
    const rows = facts.map((fact) => toHistogramRow(fact, resource));
    this.#pending = this.#pending
      .then(() => this.#write(rows))
      .then(
        () => done({ code: ExportResultCode.SUCCESS }),
        (error: Error) => done({ code: ExportResultCode.FAILED, error }),
      );
  }

  selectAggregationTemporality(): AggregationTemporality {
    return AggregationTemporality.DELTA;
  }

  selectAggregation(instrument: InstrumentType) {
    return withOldAggregation<AggregationOption>(
      instrument === InstrumentType.HISTOGRAM
        ? { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: 160, recordMinMax: true } }
        : { type: AggregationType.DROP },
      // There are no metrics, then: spans are measured again.
      () => {
        this.#pipe.measured.scopes = undefined;
      },
    );
  }

  async forceFlush(): Promise<void> {
    await this.#pending;
  }

  shutdown(): Promise<void> {
    this.#stopped ??= this.#pending.then(() => this.#pipe.release());
    return this.#stopped;
  }

  async #write(histograms: ReturnType<typeof toHistogramRow>[]): Promise<void> {
    if (histograms.length === 0) return;
    for (let attempt = 1; ; attempt++) {
      try {
        this.#opened ??= this.#sink.open().catch((error) => {
          this.#opened = undefined;
          throw error;
        });
        await this.#opened;
        await this.#sink.write({ ...emptyBatch(), histograms });
        return;
      } catch (error) {
        if (!(error instanceof SinkError) || error.kind === 'poison' || attempt === ATTEMPTS) throw error;
        if (error.kind === 'config' || error.kind === 'outage') this.#opened = undefined;
        await new Promise((later) => setTimeout(later, FIRST_WAIT_MILLIS * 2 ** (attempt - 1)).unref());
      }
    }
  }
}
