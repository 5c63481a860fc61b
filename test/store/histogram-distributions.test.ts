// Quantiles of five distributions against the exact ones, however the values came together: in SQL, in TypeScript and in
// OpenTelemetry's SDK.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  AggregationTemporality,
  AggregationType,
  DataPointType,
  MeterProvider,
  MetricReader,
  type ExponentialHistogram as SdkHistogram,
} from '@opentelemetry/sdk-metrics';
import type { ExponentialHistogram } from '../../src/record/fact.ts';
import { histogramOf, histogramOfExplicit, mergeHistograms } from '../../src/record/histogram.ts';
import type { Db } from '../../src/store/db.ts';
import { DISTRIBUTIONS, shuffled, type Uniform, uniform } from '../support/distributions.ts';
import { quantileOf } from '../support/reference-histogram.ts';
import { openServer, SERVERS } from '../support/servers.ts';

const QUANTILES = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999];
const VALUES = 3000;

for (const server of SERVERS) {
  describe(`histograms of distributions on ${server}`, () => {
    let db: Db;
    let drop: () => Promise<void>;
    before(async () => {
      ({ db, drop } = await openServer(server));
    });
    after(() => drop());

    for (const [name, draw] of Object.entries(DISTRIBUTIONS)) {
      test(`${name}: merged in any order, made in SQL, TypeScript or the SDK, the quantiles stay in the bound`, async () => {
        const random = uniform(name);
        const values = Array.from({ length: VALUES }, () => draw(random));
        const parts = cutUp(values, random);
        const ours = parts.map((part) => histogramOf(part));
        assert.deepEqual(ours, await Promise.all(parts.map(sdkHistogram)), 'TypeScript and SDK');
        const made = await db.query<Row>(
          `select (rowtrace.hist_from_values(v)).* from (
             select array(select x::float8 from json_array_elements_text(p) x) as v, nr
             from json_array_elements($1::json) with ordinality as e (p, nr)
           ) parts order by nr`,
          [JSON.stringify(parts)],
        );
        for (const [nr, row] of made.entries()) same(fromRow(row), ours[nr]!);

        const merged = mergeHistograms(ours)!;
        for (const order of [ours, [...ours].reverse(), shuffled(ours, random)])
          same(fromRow((await mergeInSql(db, order))[0]!), merged);
        same(mergeHistograms(halves(shuffled(ours, random)).map((half) => mergeHistograms(half)!))!, merged);

        const sorted = values.toSorted((a, b) => a - b);
        const bound = 2 ** (2 ** -merged.scale);
        const [{ quantiles } = { quantiles: [] as number[] }] = await mergeInSql(db, ours);
        for (const [at, q] of QUANTILES.entries()) {
          const exact = sorted[Math.max(0, Math.ceil(q * VALUES) - 1)]!;
          const ratio = quantiles[at]! / exact;
          assert.ok(ratio < bound * (1 + 1e-9) && ratio > (1 - 1e-9) / bound, `q ${q}: ${quantiles[at]} for ${exact}`);
          assert.ok(Math.abs(quantiles[at]! / quantileOf(merged, q) - 1) < 1e-9, 'SQL and TypeScript');
        }
      });

      test(`${name}: out of explicit buckets a quantile stays in its bucket, and SQL says what TypeScript says`, async () => {
        const random = uniform(name);
        const values = Array.from({ length: VALUES }, () => draw(random));
        const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
        const counts = [...bounds, Number.POSITIVE_INFINITY].map(
          (upper, at) => values.filter((v) => v <= upper && v > (bounds[at - 1] ?? 0)).length,
        );
        const sorted = values.toSorted((a, b) => a - b);
        for (const ends of [{}, { min: sorted[0]!, max: sorted.at(-1)! }]) {
          const ours = histogramOfExplicit({ bounds, counts, ...ends });
          assert.equal(ours.count, VALUES);
          const [row] = await db.query<Row>(
            `select (rowtrace.hist_from_explicit($1::text::float8[], $2::text::int8[], null, $3, $4)).*`,
            [`{${bounds}}`, `{${counts}}`, ends.min ?? null, ends.max ?? null],
          );
          same(fromRow(row!), ours);
          for (const q of QUANTILES) {
            const exact = sorted[Math.max(0, Math.ceil(q * VALUES) - 1)]!;
            const bucket = bounds.findIndex((bound) => exact <= bound);
            const found = quantileOf(ours, q);
            const width = 2 ** (1 / 16);
            if (bucket > 0) assert.ok(found >= bounds[bucket - 1]! / width, `q ${q}: ${found} for ${exact}`);
            if (bucket >= 0) assert.ok(found <= bounds[bucket]! * width, `q ${q}: ${found} for ${exact}`);
          }
        }
      });
    }
  });
}

interface Row {
  scale: number;
  zero_count: number;
  bucket_offset: number;
  counts: number[];
  count: number;
  sum: number;
  min: number | null;
  max: number | null;
}

function fromRow(row: Row): ExponentialHistogram {
  const { scale, zero_count, bucket_offset, counts, count, sum, min, max } = row;
  const ends = { ...(min === null ? {} : { min }), ...(max === null ? {} : { max }) };
  return { scale, zeroCount: zero_count, offset: bucket_offset, counts, count, sum, ...ends };
}

/** Counts exactly, the sum to rounding. */
function same(found: ExponentialHistogram, expected: ExponentialHistogram): void {
  assert.deepEqual({ ...found, sum: 0 }, { ...expected, sum: 0 });
  assert.ok(Math.abs(found.sum - expected.sum) <= 1e-9 * Math.max(1, expected.sum));
}

function mergeInSql(db: Db, all: readonly ExponentialHistogram[]): Promise<(Row & { quantiles: number[] })[]> {
  return db.query(
    `select (h).*, rowtrace.hist_quantiles(h, $2::text::float8[]) as quantiles from (
       select rowtrace.hist_merge(row(scale, "zeroCount", "offset", counts, count, sum, min, max)::rowtrace.histogram order by nr) as h
       from rows from (json_to_recordset($1::json) as
         (scale int, "zeroCount" bigint, "offset" int, counts bigint[], count bigint, sum float8, min float8, max float8)
       ) with ordinality as r (scale, "zeroCount", "offset", counts, count, sum, min, max, nr)
     ) m`,
    [JSON.stringify(all), `{${QUANTILES}}`],
  );
}

/** Into groups of uneven size, as minutes and processes have. */
function cutUp(values: readonly number[], random: Uniform): number[][] {
  const parts: number[][] = [];
  for (let at = 0; at < values.length; ) {
    const size = 1 + Math.floor(random() ** 3 * 600);
    parts.push(values.slice(at, at + size));
    at += size;
  }
  return parts;
}

function halves<T>(all: readonly T[]): T[][] {
  const middle = Math.ceil(all.length / 2);
  return [all.slice(0, middle), all.slice(middle)].filter((half) => half.length > 0);
}

async function sdkHistogram(values: readonly number[]): Promise<ExponentialHistogram> {
  const reader = new Reader();
  const histogram = new MeterProvider({ readers: [reader] }).getMeter('test').createHistogram('duration');
  for (const value of values) histogram.record(value);
  const { resourceMetrics } = await reader.collect();
  const metric = resourceMetrics.scopeMetrics[0]!.metrics[0]!;
  assert.equal(metric.dataPointType, DataPointType.EXPONENTIAL_HISTOGRAM);
  const { scale, zeroCount, positive, count, sum = 0, min, max } = metric.dataPoints[0]!.value as SdkHistogram;
  return { scale, zeroCount, offset: positive.offset, counts: positive.bucketCounts, count, sum, min: min!, max: max! };
}

class Reader extends MetricReader {
  constructor() {
    super({
      aggregationTemporalitySelector: () => AggregationTemporality.DELTA,
      aggregationSelector: () => ({ type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: 160 } }),
    });
  }
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

test('bounds that nothing measures make no more buckets than bounds from a trillionth to a trillion', () => {
  const given = histogramOfExplicit({ bounds: [1e-300, 1e300], counts: [0, 1_000, 0] });
  assert.equal(given.count, 1_000);
  assert.equal(
    given.counts.reduce((sum, count) => sum + count, 0),
    1_000,
  );
  assert.ok(given.counts.length <= 80 * 2 ** given.scale + 1, `${given.counts.length} buckets`);
});
