// The OpenTelemetry face for metrics: a push exporter for a user's own MeterProvider. Duration histograms in, rows of
// latency_histograms out, straight to Postgres, without a journal: what is not written within its retries is reported to
// the reader as failed, and lost.

import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import {
  AggregationTemporality,
  AggregationType,
  InstrumentType,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { histogramFacts } from '../../src/capture/histogram-facts.ts';
import { emptyBatch, type Sink, SinkError } from '../../src/deliver/sink.ts';
import { FACT_VERSION, type ResourceFact } from '../../src/record/fact.ts';
import { OperationBound } from '../../src/record/operation-bound.ts';
import { createScrubber } from '../../src/record/scrub/scrubber.ts';
import { toHistogramRow } from '../../src/record/to-rows.ts';
import { uuidv7 } from '../../src/util/uuid.ts';

const ATTEMPTS = 4;
const FIRST_WAIT_MILLIS = 250;

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
  readonly #process = uuidv7();
  #opened: Promise<void> | undefined;
  #pending: Promise<void> = Promise.resolve();
  readonly #bound = new OperationBound(createScrubber());
  #seq = 0;
  #stopped = false;

  /** @param sink of createPostgresSink; opened at the first export, closed by shutdown */
  constructor(sink: Sink) {
    this.#sink = sink;
  }

  export(metrics: ResourceMetrics, done: (result: ExportResult) => void): void {
    if (this.#stopped) {
      done({ code: ExportResultCode.FAILED, error: new Error('the exporter was shut down') });
      return;
    }
    const resource = resourceFact(metrics, this.#process);
    // The rows, and with them their keys, are made once: a repeat of a write that had succeeded changes nothing.
    const rows = histogramFacts(metrics, () => ++this.#seq, this.#bound).map((fact) => toHistogramRow(fact, resource));
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
    return instrument === InstrumentType.HISTOGRAM
      ? { type: AggregationType.EXPONENTIAL_HISTOGRAM as const, options: { maxSize: 160, recordMinMax: true } }
      : { type: AggregationType.DROP as const };
  }

  async forceFlush(): Promise<void> {
    await this.#pending;
  }

  async shutdown(): Promise<void> {
    this.#stopped = true;
    await this.#pending;
    await this.#sink.close();
  }

  async #write(histograms: ReturnType<typeof toHistogramRow>[]): Promise<void> {
    if (histograms.length === 0) return;
    for (let attempt = 1; ; attempt++) {
      try {
        this.#opened ??= this.#sink.open();
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

function resourceFact(metrics: ResourceMetrics, process: string): ResourceFact {
  const { attributes } = metrics.resource;
  const text = (name: string): string | undefined =>
    attributes[name] === undefined ? undefined : String(attributes[name]);
  return {
    k: 'resource',
    v: FACT_VERSION,
    process: text('service.instance.id') ?? process,
    service: text('service.name') ?? 'unknown_service',
    environment: text('deployment.environment.name') ?? text('deployment.environment') ?? 'development',
    release: text('service.version'),
    host: text('host.name') ?? '',
    pid: Number(attributes['process.pid'] ?? globalThis.process.pid),
  };
}
