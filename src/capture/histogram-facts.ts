// Collected metrics in, histogram facts out. Only the duration metrics we keep; values stay in seconds.

import { DataPointType, type ExponentialHistogram, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { HistogramFact } from '../record/fact.ts';
import { unixMillis } from './hr-time.ts';
import { operationOfMetric } from './operation.ts';

const MINUTE = 60_000;

/**
 * @param nextSeq gives 1, 2, 3 … : (process, seq) is the key of a row
 * @returns one fact a data point; a point belongs to the minute in which its interval began
 */
export function histogramFacts(metrics: ResourceMetrics, nextSeq: () => number): HistogramFact[] {
  const facts: HistogramFact[] = [];
  for (const scope of metrics.scopeMetrics) {
    for (const metric of scope.metrics) {
      if (metric.dataPointType !== DataPointType.EXPONENTIAL_HISTOGRAM) continue;
      for (const point of metric.dataPoints) {
        const value: ExponentialHistogram = point.value;
        const op = operationOfMetric(metric.descriptor.name, point.attributes);
        if (op === undefined || value.count === 0) continue;
        facts.push({
          k: 'hist',
          t: Math.floor(unixMillis(point.startTime) / MINUTE) * MINUTE,
          seq: nextSeq(),
          op,
          h: {
            scale: value.scale,
            zeroCount: value.zeroCount,
            offset: value.positive.offset,
            counts: value.positive.bucketCounts,
            count: value.count,
            sum: value.sum ?? 0,
            min: value.min,
            max: value.max,
          },
        });
      }
    }
  }
  return facts;
}
