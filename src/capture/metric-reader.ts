// The metric reader of the in-process pipe: exponential histograms with delta temporality, collected once a minute on the
// clock's own minute (so that no interval crosses one), handed on as facts. A crash costs at most the last interval.

import {
  type AggregationOption,
  AggregationTemporality,
  AggregationType,
  InstrumentType,
  MetricReader,
} from '@opentelemetry/sdk-metrics';
import { withOldAggregation } from '../otel/old-line.ts';
import type { HistogramFact } from '../record/fact.ts';
import { OperationBound } from '../record/operation-bound.ts';
import type { Scrubber } from '../record/scrub/scrubber.ts';
import type { Exemplars } from './exemplars.ts';
import { histogramFacts } from './histogram-facts.ts';
import type { OnResource } from './on-resource.ts';

/** One row a minute and operation: six would be six times the bytes, and every question asks for minutes at least. */
const INTERVAL_MILLIS = 60_000;
/** Whoever has just started the application wants to see something soon. */
const FIRST_INTERVAL_MILLIS = 10_000;

export class RowtraceMetricReader extends MetricReader {
  readonly #onFacts: (facts: HistogramFact[]) => void;
  #timer: NodeJS.Timeout | undefined;
  readonly #exemplars: Exemplars | undefined;
  readonly #onResource: OnResource | undefined;
  readonly #bound: OperationBound;
  readonly #startedAt = performance.now();
  #seq = 0;
  #stopped = false;

  /**
   * @param onFacts called with each collection that holds something; must not throw
   * @param onResource hears of each collection whose it is
   * @param onOldLine hears that the SDK is one that this reader cannot read
   */
  constructor(
    onFacts: (facts: HistogramFact[]) => void,
    scrubber: Scrubber,
    exemplars?: Exemplars,
    onResource?: OnResource,
    onOldLine?: () => void,
  ) {
    super({
      aggregationTemporalitySelector: () => AggregationTemporality.DELTA,
      // What is not a histogram is not ours: dropped for this reader only, other readers see it.
      aggregationSelector: (instrument) =>
        withOldAggregation<AggregationOption>(
          instrument === InstrumentType.HISTOGRAM
            ? { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: 160, recordMinMax: true } }
            : { type: AggregationType.DROP },
          onOldLine,
        ),
    });
    this.#onFacts = onFacts;
    this.#bound = new OperationBound(scrubber);
    this.#exemplars = exemplars;
    this.#onResource = onResource;
  }

  protected override onInitialized(): void {
    this.#schedule();
  }

  protected async onForceFlush(): Promise<void> {
    await this.#collect();
  }

  protected async onShutdown(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#collect();
  }

  #schedule(): void {
    if (this.#stopped) return;
    const interval = performance.now() - this.#startedAt < INTERVAL_MILLIS ? FIRST_INTERVAL_MILLIS : INTERVAL_MILLIS;
    const wait = interval - (Date.now() % interval);
    this.#timer = setTimeout(() => {
      void this.#collect().finally(() => this.#schedule());
    }, wait);
    this.#timer.unref();
  }

  async #collect(): Promise<void> {
    try {
      const { resourceMetrics } = await this.collect();
      this.#onResource?.(resourceMetrics.resource);
      const facts = histogramFacts(resourceMetrics, () => ++this.#seq, this.#bound, this.#exemplars);
      if (facts.length > 0) this.#onFacts(facts);
    } catch {
      // Not bound to a provider yet, or shut down: there is nothing to collect.
    }
  }
}
