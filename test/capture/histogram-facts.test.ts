import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { histogramFacts } from '../../src/capture/histogram-facts.ts';
import { RowtraceMetricReader } from '../../src/capture/metric-reader.ts';
import { OperationBound, OVERFLOW } from '../../src/record/operation-bound.ts';
import { createScrubber } from '../../src/record/scrub/scrubber.ts';

async function collected(names: readonly string[]) {
  const reader = new RowtraceMetricReader(() => {}, createScrubber());
  const provider = new MeterProvider({ readers: [reader] });
  const histogram = provider.getMeter('test').createHistogram('rowtrace.span.duration');
  for (const [nr, name] of names.entries()) histogram.record(0.001 * (nr + 1), { 'span.name': name });
  const { resourceMetrics } = await reader.collect();
  await provider.shutdown();
  return resourceMetrics;
}

test('operations beyond the bound of the process are counted together, under a name that says so', async () => {
  const bound = new OperationBound(createScrubber(), 3);
  let seq = 0;
  const facts = async (names: string[]) => histogramFacts(await collected(names), () => ++seq, bound);
  const first = await facts(['a', 'b', 'c', 'd', 'e', 'e']);
  assert.deepEqual(
    first.map(({ op, h }) => [op.name, h.count]),
    [
      ['a', 1],
      ['b', 1],
      ['c', 1],
      [OVERFLOW, 3],
    ],
  );
  assert.equal(first[3]!.h.max, 0.006);
  // Delta temporality: the SDK forgets its attribute sets with each collection, the process does not.
  const second = await facts(['c', 'f']);
  assert.deepEqual(
    second.map(({ op }) => op.name),
    ['c', OVERFLOW],
  );
});

test('a data point that the SDK itself made of too many attribute sets is the overflow operation, too', async () => {
  const names = Array.from({ length: 2500 }, (_, nr) => `span ${nr}`);
  const facts = histogramFacts(await collected(names), () => 1, new OperationBound(createScrubber()));
  const over = facts.filter(({ op }) => op.name === OVERFLOW);
  assert.equal(over.length, 1);
  assert.equal(
    facts.reduce((sum, { h }) => sum + h.count, 0),
    2500,
    'nothing is lost',
  );
});

test('values scattered over a minute take 80 buckets at most', async () => {
  const reader = new RowtraceMetricReader(() => {}, createScrubber());
  const histogram = new MeterProvider({ readers: [reader] }).getMeter('test').createHistogram('rowtrace.span.duration');
  for (let nr = 0; nr < 40; nr++) histogram.record(0.001 * 1.2 ** nr, { 'span.name': 'a' });
  const [fact] = histogramFacts(
    (await reader.collect()).resourceMetrics,
    () => 1,
    new OperationBound(createScrubber()),
  );
  assert.ok(fact!.h.counts.length <= 80 && fact!.h.counts.length > 40, `${fact!.h.counts.length}`);
  assert.equal(fact!.h.count, 40);
});
