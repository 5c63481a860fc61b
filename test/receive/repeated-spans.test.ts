// A span that is sent again in another batch than the first time is measured once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeasuredSpans } from '../../src/receive/facts/measured-spans.ts';
import { span, traces } from '../support/otlp.ts';
import { receiverFor } from '../support/receiver.ts';

test('spans that a sender repeats among others count once in histograms', async (t) => {
  const receiver = await receiverFor(t);
  const one = (digit: string) => span(digit, { name: 'GET /dogs', kind: 2 });
  const [a, b, c] = [one('1'), one('2'), one('3')];
  for (const spans of [
    [a, b],
    [b, c],
    [c, a, b],
    [a, b],
  ])
    assert.equal((await receiver.json('/v1/traces', traces(spans))).status, 200);
  await receiver.settled();
  const [{ n }] = (await receiver.db.query('select sum(count)::int as n from rowtrace.latency_histograms')) as [
    { n: number },
  ];
  assert.equal(n, 3);
});

test('a span of a request that was not stored is measured when it comes again', () => {
  const spans = new MeasuredSpans();
  assert.deepEqual([spans.take('a'), spans.take('a')], [true, false]);
  spans.end();
  assert.equal(spans.take('a'), true);
  spans.end()();
  assert.equal(spans.take('a'), false);
});
