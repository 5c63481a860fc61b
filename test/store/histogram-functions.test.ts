import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { ExponentialHistogram } from '../../src/record/fact.ts';
import { mergeHistograms as mergeByRecord } from '../../src/record/histogram.ts';
import type { Db } from '../../src/store/db.ts';
import { histogramOf, mergeHistograms, quantileOf, rankOf } from '../support/reference-histogram.ts';
import { openServer, SERVERS } from '../support/servers.ts';

const QUANTILES = [0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1];

const seconds = fc.oneof(
  fc.double({ min: 1e-6, max: 1e4, noNaN: true }), // uniform: mostly large
  fc.double({ min: -14, max: 10, noNaN: true }).map((exponent) => 2 ** exponent), // even on the exponential scale
  fc.integer({ min: -10, max: 10 }).map((exponent) => 2 ** exponent), // bucket boundaries
  fc.constant(0),
  fc.constant(0.25), // many of one value
);
const histograms = fc.array(
  fc.tuple(fc.array(seconds, { maxLength: 60 }), fc.integer({ min: -3, max: 12 })).map(([values, scale]) => {
    // As an SDK does: no histogram has more than 160 buckets.
    return mergeHistograms([histogramOf(values, scale)]) ?? histogramOf([], scale);
  }),
  { minLength: 1, maxLength: 6 },
);

for (const server of SERVERS) {
  describe(`histogram functions on ${server}`, () => {
    let db: Db;
    let drop: () => Promise<void>;
    before(async () => {
      ({ db, drop } = await openServer(server));
    });
    after(() => drop());

    test('merging and quantiles agree with the reference, for any values, scales and groups', async () => {
      await fc.assert(
        fc.asyncProperty(histograms, async (given) => {
          const merged = mergeHistograms(given);
          const [found] = await ask(db, given);
          if (!merged) return assert.equal(found!.scale, null);
          const { scale, zero_count, bucket_offset, counts, count } = found!;
          assert.deepEqual(
            { scale, zero_count, bucket_offset, counts, count },
            {
              scale: merged.scale,
              zero_count: merged.zeroCount,
              bucket_offset: merged.offset,
              counts: merged.counts,
              count: merged.count,
            },
          );
          near(found!.sum, merged.sum);
          const { sum: _, ...exact } = mergeByRecord(given)!;
          const { sum: __, ...expected } = merged;
          assert.deepEqual(exact, expected, 'record/histogram.ts');
          for (const [at, q] of QUANTILES.entries()) near(found!.quantiles[at]!, quantileOf(merged, q), `q ${q}`);
        }),
        { numRuns: 150 },
      );
    });

    test('the share below a value is the quantile backwards, as in the reference', async () => {
      await fc.assert(
        fc.asyncProperty(histograms, fc.double({ min: 0, max: 20_000, noNaN: true }), async (given, value) => {
          const merged = mergeHistograms(given);
          if (!merged) return;
          const at = [
            value,
            value / 1e4,
            merged.min!,
            merged.max!,
            0,
            ...[0.1, 0.5, 0.9].map((q) => quantileOf(merged, q)),
          ];
          const [found] = await db.query<{ ranks: number[]; share: number; inside: number }>(
            `select array(select rowtrace.hist_rank(h, v) from unnest($2::text::float8[]) with ordinality u (v, nr) order by nr) as ranks,
               rowtrace.hist_share_below(h, $3) as share,
               (select sum(count)::int from rowtrace.hist_buckets(h)) as inside
             from (${MERGED}) m`,
            [JSON.stringify(given), `{${at.join(',')}}`, value],
          );
          for (const [nr, v] of at.entries())
            near(found!.ranks[nr]!, rankOf(merged, v), `rank of ${v}`, roundingOf(merged, v));
          near(found!.share, rankOf(merged, value) / merged.count, 'share', roundingOf(merged, value) / merged.count);
          assert.equal(found!.inside, merged.count, 'the buckets hold every value');
          const median = quantileOf(merged, 0.5);
          // Where values are cut to min and max the way back is not unique.
          if (median > merged.min! && median < merged.max! && median > 0)
            near(rankOf(merged, median) / merged.count, 0.5, 'way back');
        }),
        { numRuns: 60 },
      );
    });

    test('a quantile is off by no more than the width of a bucket', async () => {
      const distributions: Record<string, (u: number) => number> = {
        uniform: (u) => 0.01 + u,
        exponential: (u) => -Math.log(1 - u) * 0.2,
        'log-normal-like': (u) => Math.exp(4 * (u - 0.5)) * 0.05,
        'two peaks': (u) => (u < 0.9 ? 0.01 + u / 100 : 2 + u),
        constant: () => 0.125,
      };
      for (const [name, at] of Object.entries(distributions)) {
        const values = Array.from({ length: 2000 }, (_, nr) => at((nr + 0.5) / 2000)).sort((a, b) => a - b);
        const [found] = await ask(db, [histogramOf(values.slice(0, 700), 4), histogramOf(values.slice(700), 5)]);
        const width = 2 ** (2 ** -found!.scale);
        for (const [nr, q] of QUANTILES.entries()) {
          const exact = values[Math.max(0, Math.ceil(q * values.length) - 1)]!;
          const ratio = found!.quantiles[nr]! / exact;
          assert.ok(
            ratio < width * 1.001 && ratio > 0.999 / width,
            `${name} q ${q}: ${found!.quantiles[nr]} for ${exact}`,
          );
        }
      }
    });

    test('count, sum and mean; nothing in, null out', async () => {
      const [row] = await db.query(
        `select rowtrace.hist_count(h) as count, rowtrace.hist_sum(h) as sum, rowtrace.hist_mean(h) as mean,
          rowtrace.hist_quantile(h, 0.5) as median
         from (select row(0, 0, 0, '{2}', 2, 3, 1, 2)::rowtrace.histogram as h) x`,
      );
      assert.deepEqual(row, { count: 2, sum: 3, mean: 1.5, median: Math.SQRT2 });
      const [none] = await db.query(
        `select rowtrace.hist_merge(rowtrace.hist(l)) is null as merged, rowtrace.hist_quantile(null, 0.5) as median
         from rowtrace.latency_histograms l`,
      );
      assert.deepEqual(none, { merged: true, median: null });
    });
  });
}

interface Found {
  scale: number | null;
  zero_count: number;
  bucket_offset: number;
  counts: number[];
  count: number;
  sum: number;
  quantiles: number[];
}

const MERGED = `
  select rowtrace.hist_merge(row(scale, "zeroCount", "offset", counts, count, sum, min, max)::rowtrace.histogram) as h
  from json_to_recordset($1::json) as r
    (scale int, "zeroCount" bigint, "offset" int, counts bigint[], count bigint, sum float8, min float8, max float8)`;

function ask(db: Db, given: readonly ExponentialHistogram[]): Promise<(Omit<Found, 'scale'> & { scale: number })[]> {
  return db.query(
    `select (h).*, rowtrace.hist_quantiles(h, $2::text::float8[]) as quantiles
     from (${MERGED}) merged`,
    [JSON.stringify(given), `{${QUANTILES.join(',')}}`],
  );
}

function near(found: number, expected: number, what = '', rounding = 0): void {
  const tolerance = Math.max(1e-9 * Math.max(Math.abs(expected), 1e-9), rounding);
  assert.ok(Math.abs(found - expected) <= tolerance, `${what}: ${found} instead of ${expected}`);
}

/** Some last digits of the logarithm: at the lower edge of a bucket a rank is nothing else (1.8e-15 and 0 were found). */
function roundingOf({ scale, count }: ExponentialHistogram, value: number): number {
  return value > 0 ? 4 * Number.EPSILON * Math.abs(Math.log2(value)) * 2 ** scale * count : 0;
}
