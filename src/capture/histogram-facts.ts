// Collected metrics in, histogram facts out. Only the duration metrics we keep; values stay in seconds. Operations beyond
// the bound are counted under one name.

import {
  DataPointType,
  type ResourceMetrics,
  type ExponentialHistogram as SdkHistogram,
} from '@opentelemetry/sdk-metrics';
import type { ExponentialHistogram, HistogramFact, Operation } from '../record/fact.ts';
import { mergeHistograms } from '../record/histogram.ts';
import { operationOfMetric } from '../record/operation.ts';
import { type OperationBound, operationKey, overflowOf } from '../record/operation-bound.ts';
import type { Exemplars } from './exemplars.ts';
import { unixMillis } from './hr-time.ts';

const MINUTE = 60_000;

/**
 * An SDK keeps 160 buckets, so that few values of a minute lie scattered over a hundred of them; an hour of a route has no
 * more than this many to an octave anyway. Two thirds of the bytes and of the time to read, no hour less exact.
 */
const MAX_BUCKETS = 80;

/**
 * @param nextSeq gives 1, 2, 3 … : (process, seq) is the key of a row
 * @param bound of the process, kept from collection to collection
 * @param exemplars gives, and forgets, the spans noted for an operation
 * @returns one fact an operation and minute; a point belongs to the minute in which its interval began
 */
export function histogramFacts(
  metrics: ResourceMetrics,
  nextSeq: () => number,
  bound: OperationBound,
  exemplars?: Exemplars,
): HistogramFact[] {
  const byKey = new Map<string, { t: number; op: Operation; parts: ExponentialHistogram[] }>();
  for (const scope of metrics.scopeMetrics) {
    for (const metric of scope.metrics) {
      if (metric.dataPointType !== DataPointType.EXPONENTIAL_HISTOGRAM) continue;
      for (const point of metric.dataPoints) {
        const named = operationOfMetric(metric.descriptor.name, point.attributes);
        if (named === undefined || point.value.count === 0) continue;
        // The SDK has a bound of its own, a collection (data model, "Overflow attribute").
        const op = point.attributes['otel.metric.overflow'] === true ? overflowOf(named) : bound.bound(named);
        const t = Math.floor(unixMillis(point.startTime) / MINUTE) * MINUTE;
        const key = `${t} ${operationKey(op)}`;
        const known = byKey.get(key);
        if (known === undefined) byKey.set(key, { t, op, parts: [plain(point.value)] });
        else known.parts.push(plain(point.value));
      }
    }
  }
  const facts = [...byKey.values()].map(({ t, op, parts }): HistogramFact => {
    const fact: HistogramFact = { k: 'hist', t, seq: nextSeq(), op, h: mergeHistograms(parts, MAX_BUCKETS)! };
    const ex = exemplars?.take(op);
    if (ex !== undefined) fact.ex = ex;
    return fact;
  });
  exemplars?.clear();
  return facts;
}

function plain({ scale, zeroCount, positive, count, sum, min, max }: SdkHistogram): ExponentialHistogram {
  const h: ExponentialHistogram = {
    scale,
    zeroCount,
    offset: positive.offset,
    counts: positive.bucketCounts,
    count,
    sum: sum ?? 0,
  };
  if (min !== undefined) h.min = min;
  if (max !== undefined) h.max = max;
  return h;
}
