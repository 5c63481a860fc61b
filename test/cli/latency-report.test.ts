import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barsOf } from '../../src/cli/latency-report.ts';
import type { Exemplar } from '../../src/query/operation-latency.ts';
import { histogramOf } from '../../src/record/histogram.ts';
import { uniform } from '../support/distributions.ts';

function distribution(seconds: readonly number[]) {
  const { scale, offset, counts, zeroCount, count } = histogramOf(seconds);
  const bound = (index: number) => 1000 * 2 ** (index * 2 ** -scale);
  const buckets = counts.flatMap((n, at) =>
    n > 0 ? [{ lower_ms: bound(offset + at), upper_ms: bound(offset + at + 1), count: n }] : [],
  );
  if (zeroCount > 0) buckets.unshift({ lower_ms: 0, upper_ms: 0, count: zeroCount });
  return { scale, count, quantiles_ms: [], buckets };
}

const exemplar = (latency_ms: number, errors = 0): Exemplar => ({
  ...{ latency_ms, ended_at: new Date(), trace_id: `${latency_ms}`, status_class: '2xx', errors },
});

test('every value is in the bar it belongs to, and a screen holds the bars', () => {
  const random = uniform('bars');
  for (const width of [0, 0.01, 1, 5, 15]) {
    const values = Array.from({ length: 500 }, () => 0.001 * Math.exp(width * random()));
    const bars = barsOf(distribution(values), []);
    assert.ok(bars.length <= 24, `${bars.length}`);
    let below = 0;
    for (const bar of bars) {
      const upto = values.filter((value) => value * 1000 <= bar.upper_ms * (1 + 1e-12)).length;
      assert.equal(bar.count, upto - below, `up to ${bar.upper_ms}`);
      below = upto;
    }
    assert.equal(below, values.length);
  }
});

test('the longest bar is full, the smallest is seen, a gap is empty, zeros have a bar of their own', () => {
  const bars = barsOf(distribution([0, ...Array(1000).fill(0.01), 10]), []);
  assert.deepEqual([bars[0]!.upper_ms, bars[0]!.count, bars[0]!.drawn], [0, 1, '▏']);
  assert.equal(bars[1]!.drawn, '█'.repeat(30));
  assert.equal(bars[2]!.drawn, '');
  assert.equal(bars.at(-1)!.drawn, '▏');
});

test('the trace beside a bar is of its latencies, one with errors before a newer one', () => {
  const bars = barsOf(distribution([0.01, 1]), [exemplar(1000), exemplar(999.9, 2), exemplar(10), exemplar(30)]);
  assert.equal(bars[0]!.example?.latency_ms, 10);
  assert.ok(
    bars.slice(1, -1).every(({ example }) => example === undefined),
    'none where nothing was counted',
  );
  assert.equal(bars.at(-1)!.example?.errors, 2);
});
