// The base-2 exponential histogram in plain TypeScript, as the OpenTelemetry data model words it; what the SQL functions
// are compared with.

import type { ExponentialHistogram } from '../../src/record/fact.ts';

export function histogramOf(values: readonly number[], scale: number): ExponentialHistogram {
  const positive = values.filter((value) => value > 0);
  const buckets = new Map<number, number>();
  for (const value of positive) add(buckets, indexOf(value, scale), 1);
  return {
    ...dense(buckets),
    scale,
    zeroCount: values.length - positive.length,
    count: values.length,
    sum: values.reduce((sum, value) => sum + value, 0),
    min: values.length > 0 ? Math.min(...values) : undefined,
    max: values.length > 0 ? Math.max(...values) : undefined,
  };
}

/** The bucket whose (base^i, base^(i+1)] holds the value. */
function indexOf(value: number, scale: number): number {
  let index = Math.ceil(Math.log2(value) * 2 ** scale) - 1;
  const upper = (at: number) => 2 ** ((at + 1) * 2 ** -scale);
  while (upper(index) < value) index++;
  while (upper(index - 1) >= value) index--;
  return index;
}

export function mergeHistograms(all: readonly ExponentialHistogram[]): ExponentialHistogram | undefined {
  const histograms = all.filter(({ count }) => count > 0);
  if (histograms.length === 0) return undefined;
  let scale = Math.min(...histograms.map((histogram) => histogram.scale));
  const buckets = () => {
    const merged = new Map<number, number>();
    for (const histogram of histograms)
      for (const [at, n] of histogram.counts.entries())
        if (n > 0) add(merged, Math.floor((histogram.offset + at) / 2 ** (histogram.scale - scale)), n);
    return merged;
  };
  while (Math.max(...buckets().keys()) - Math.min(...buckets().keys()) >= 160) scale--;
  const given = <T>(values: (T | undefined)[]) => values.filter((value) => value !== undefined);
  return {
    ...dense(buckets()),
    scale,
    zeroCount: histograms.reduce((sum, { zeroCount }) => sum + zeroCount, 0),
    count: histograms.reduce((sum, { count }) => sum + count, 0),
    sum: histograms.reduce((sum, histogram) => sum + histogram.sum, 0),
    min: Math.min(...given(histograms.map(({ min }) => min))),
    max: Math.max(...given(histograms.map(({ max }) => max))),
  };
}

export function quantileOf(histogram: ExponentialHistogram, q: number): number {
  if (q <= 0) return histogram.min!;
  if (q >= 1) return histogram.max!;
  const rank = q * histogram.count;
  let value = 0;
  let below = histogram.zeroCount;
  for (const [at, n] of histogram.counts.entries()) {
    if (rank <= below) break;
    value = 2 ** ((histogram.offset + at + Math.max(0, (rank - below) / (n || 1))) * 2 ** -histogram.scale);
    below += n;
    if (n > 0 && rank <= below) break;
  }
  return Math.min(Math.max(value, histogram.min ?? value), histogram.max ?? value);
}

/** How many values are at most `value`. */
export function rankOf(histogram: ExponentialHistogram, value: number): number {
  const { count, scale, offset, counts, zeroCount, min, max } = histogram;
  if (count === 0 || value < 0 || value < (min ?? 0)) return 0;
  if (max !== undefined && value >= max) return count;
  if (value === 0) return zeroCount;
  const place = Math.log2(value) * 2 ** scale - offset;
  return counts.reduce((sum, n, at) => sum + n * Math.min(Math.max(place - at, 0), 1), zeroCount);
}

function add(buckets: Map<number, number>, index: number, n: number): void {
  buckets.set(index, (buckets.get(index) ?? 0) + n);
}

function dense(buckets: Map<number, number>): { offset: number; counts: number[] } {
  if (buckets.size === 0) return { offset: 0, counts: [] };
  const [first, last] = [Math.min(...buckets.keys()), Math.max(...buckets.keys())];
  return { offset: first, counts: Array.from({ length: last - first + 1 }, (_, at) => buckets.get(first + at) ?? 0) };
}
