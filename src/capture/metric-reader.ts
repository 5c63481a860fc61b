// The metric reader of the in-process pipe: exponential histograms with delta temporality, collected on the clock's own
// tens of seconds (so that no interval crosses a minute), handed on as facts. A crash costs at most the last interval.

import { AggregationTemporality, AggregationType, InstrumentType, MetricReader } from '@opentelemetry/sdk-metrics';
import type { HistogramFact } from '../record/fact.ts';
import { histogramFacts } from './histogram-facts.ts';

/** Short enough to lose little in a crash, long enough to cost one collection of a few data points. */
const INTERVAL_MILLIS = 10_000;

export class RowtraceMetricReader extends MetricReader {
  readonly #onFacts: (facts: HistogramFact[]) => void;
  #timer: NodeJS.Timeout | undefined;
  #seq = 0;
  #stopped = false;

  /** @param onFacts called with each collection that holds something; must not throw */
  constructor(onFacts: (facts: HistogramFact[]) => void) {
    super({
      aggregationTemporalitySelector: () => AggregationTemporality.DELTA,
      // What is not a histogram is not ours: dropped for this reader only, other readers see it.
      aggregationSelector: (instrument) =>
        instrument === InstrumentType.HISTOGRAM
          ? { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: 160, recordMinMax: true } }
          : { type: AggregationType.DROP },
    });
    this.#onFacts = onFacts;
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
    const wait = INTERVAL_MILLIS - (Date.now() % INTERVAL_MILLIS);
    this.#timer = setTimeout(() => {
      void this.#collect().finally(() => this.#schedule());
    }, wait);
    this.#timer.unref();
  }

  async #collect(): Promise<void> {
    try {
      const { resourceMetrics } = await this.collect();
      const facts = histogramFacts(resourceMetrics, () => ++this.#seq);
      if (facts.length > 0) this.#onFacts(facts);
    } catch {
      // Not bound to a provider yet, or shut down: there is nothing to collect.
    }
  }
}
