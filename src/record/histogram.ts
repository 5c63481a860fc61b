// The base-2 exponential histogram (OpenTelemetry metrics data model): merging, and making one of values or of explicit
// buckets. Pure; the SQL functions hist_* say the same, and read quantiles and shares.

import type { ExponentialHistogram } from './fact.ts';

/** As many buckets as OpenTelemetry SDKs keep. */
export const MAX_BUCKETS = 160;
const MAX_SCALE = 20;
/** Of histograms made of explicit buckets; 16 buckets from x to 2x. */
const EXPLICIT_SCALE = 4;
/** From a trillionth to a trillion (2^±40): bounds beyond it, which nothing measures, would make a bucket 2,000 wide. */
const FARTHEST = 40 * 2 ** EXPLICIT_SCALE;

/** One histogram of many, counts exact in any order; nothing when they are all empty. */
export function mergeHistograms(
  all: readonly ExponentialHistogram[],
  maxBuckets = MAX_BUCKETS,
): ExponentialHistogram | undefined {
  const given = all.filter(({ count }) => count > 0);
  if (given.length === 0) return undefined;
  const scale = Math.min(...given.map((histogram) => histogram.scale));
  const buckets = new Map<number, number>();
  for (const histogram of given)
    for (const [at, n] of histogram.counts.entries())
      if (n > 0) add(buckets, (histogram.offset + at) >> (histogram.scale - scale), n);
  const merged = empty(scale);
  for (const { zeroCount, count, sum, min, max } of given) {
    merged.zeroCount += zeroCount;
    merged.count += count;
    merged.sum += sum;
    if (min !== undefined) merged.min = Math.min(merged.min ?? min, min);
    if (max !== undefined) merged.max = Math.max(merged.max ?? max, max);
  }
  return fit(merged, buckets, maxBuckets);
}

/** Whether all its bounds are doubles (2^-1022 to 2^1023): SQL computes with them, and one that is none would end a query. */
export function hasBounds({
  scale,
  offset,
  counts,
}: Pick<ExponentialHistogram, 'scale' | 'offset' | 'counts'>): boolean {
  const width = 2 ** -scale;
  return offset * width >= -1022 && (offset + counts.length) * width <= 1023;
}

/** Values below zero count as zero; what is no finite number is left out. */
export function histogramOf(values: readonly number[]): ExponentialHistogram {
  const buckets = new Map<number, number>();
  const histogram = empty(MAX_SCALE);
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value > 0) add(buckets, indexOf(value, MAX_SCALE), 1);
    else histogram.zeroCount++;
    histogram.count++;
    histogram.sum += value;
    histogram.min = Math.min(histogram.min ?? value, value);
    histogram.max = Math.max(histogram.max ?? value, value);
  }
  return fit(histogram, buckets);
}

/** The bucket whose (base^i, base^(i+1)] holds the value. */
export function indexOf(value: number, scale: number): number {
  let index = Math.ceil(Math.log2(value) * 2 ** scale) - 1;
  // The logarithm may be off by one bucket at a border, which belongs to the lower one.
  if (2 ** ((index + 1) * 2 ** -scale) < value) index++;
  else if (2 ** (index * 2 ** -scale) >= value) index--;
  return index;
}

export interface ExplicitHistogram {
  /** Upper bounds, ascending. */
  bounds: readonly number[];
  /** One more than bounds. */
  counts: readonly number[];
  sum?: number;
  min?: number;
  max?: number;
}

/**
 * Of explicit buckets. Where inside its bucket a value lies nobody knows any more: the values of a bucket are spread evenly
 * on the exponential scale between its bounds, so that a quantile stays inside its bucket.
 */
export function histogramOfExplicit({ bounds, counts, sum, min, max }: ExplicitHistogram): ExponentialHistogram {
  const buckets = new Map<number, number>();
  const made = empty(EXPLICIT_SCALE);
  let about = 0;
  for (const [at, n] of counts.entries()) {
    if (n <= 0) continue;
    const [low, high] = edges(at, bounds, min, max);
    made.count += n;
    about += (n * (low + high)) / 2;
    if (high > 0 && low > 0) spread(buckets, n, Math.log2(low) * 16, Math.log2(Math.max(low, high)) * 16);
    else made.zeroCount += n;
  }
  made.sum = sum ?? about;
  if (min !== undefined) made.min = min;
  if (max !== undefined) made.max = max;
  return fit(made, buckets);
}

/** Without min the lowest bucket begins at half its bound; without max the highest ends at twice its bound. */
function edges(at: number, bounds: readonly number[], min?: number, max?: number): [low: number, high: number] {
  const under =
    at > 0 ? Math.max(bounds[at - 1]!, min ?? 0) : Math.min(min ?? 0, bounds[0] ?? Number.POSITIVE_INFINITY);
  const over = at < bounds.length ? Math.min(bounds[at]!, max ?? bounds[at]!) : Math.max(max ?? 0, bounds[at - 1] ?? 0);
  const high = at < bounds.length || max !== undefined ? over : Math.max(under, 0) * 2;
  return [under > 0 ? under : high / 2, high];
}

/** Rounding the running count keeps the whole exact. */
function spread(buckets: Map<number, number>, n: number, lowest: number, highest: number): void {
  const first = Math.min(Math.max(lowest, -FARTHEST), FARTHEST);
  const last = Math.min(Math.max(highest, -FARTHEST), FARTHEST);
  const from = Math.floor(first);
  const to = Math.max(Math.ceil(last) - 1, from);
  const upto = (index: number) => (last > first ? Math.min(Math.max((index - first) / (last - first), 0), 1) : 1);
  for (let index = from, before = 0; index <= to; index++) {
    const after = Math.floor(n * upto(index + 1) + 0.5);
    if (after > before) add(buckets, index, after - before);
    before = after;
  }
}

function empty(scale: number): ExponentialHistogram {
  return { scale, zeroCount: 0, offset: 0, counts: [], count: 0, sum: 0 };
}

/** Halves the resolution until the buckets are few enough. */
function fit(
  histogram: ExponentialHistogram,
  buckets: Map<number, number>,
  maxBuckets = MAX_BUCKETS,
): ExponentialHistogram {
  let { scale } = histogram;
  let fitting = buckets;
  for (let [first, last] = spanOf(fitting); last - first >= maxBuckets; [first, last] = spanOf(fitting)) {
    const halved = new Map<number, number>();
    for (const [index, n] of fitting) add(halved, index >> 1, n);
    fitting = halved;
    scale--;
  }
  return { ...histogram, ...dense(fitting), scale };
}

function spanOf(buckets: Map<number, number>): [first: number, last: number] {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const index of buckets.keys()) {
    if (index < first) first = index;
    if (index > last) last = index;
  }
  return [first, last];
}

function add(buckets: Map<number, number>, index: number, n: number): void {
  buckets.set(index, (buckets.get(index) ?? 0) + n);
}

function dense(buckets: Map<number, number>): { offset: number; counts: number[] } {
  if (buckets.size === 0) return { offset: 0, counts: [] };
  const [first, last] = spanOf(buckets);
  return { offset: first, counts: Array.from({ length: last - first + 1 }, (_, at) => buckets.get(first + at) ?? 0) };
}
