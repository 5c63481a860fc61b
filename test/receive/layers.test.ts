// A query that two instrumentations tell of, one inside the other (Knex over pg), is one query.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attributes, nanos, span, traces } from '../support/otlp.ts';
import { receiverFor } from '../support/receiver.ts';

const now = Date.now();
const db = (more: object) => attributes({ 'db.system.name': 'postgresql', 'db.namespace': 'kennel', ...more });
const times = (from: number, to: number) => ({
  startTimeUnixNano: nanos(now + from),
  endTimeUnixNano: nanos(now + to),
});

const inner = span('4', {
  ...times(12, 812),
  parentSpanId: '3'.repeat(16),
  kind: 3,
  attributes: db({ 'db.operation.name': 'SELECT' }),
});
const layer = span('3', {
  ...times(10, 813),
  parentSpanId: '1'.repeat(16),
  kind: 3,
  attributes: db({ 'db.operation.name': 'raw' }),
});
const other = span('5', {
  ...times(820, 1_500),
  parentSpanId: '1'.repeat(16),
  kind: 3,
  attributes: db({ 'db.operation.name': 'INSERT' }),
});

for (const [what, portions] of Object.entries({
  'in one request': [[inner, layer, other]],
  'one by one': [[inner], [layer], [other]],
}))
  test(`a slow query through two layers is one row and one latency, another is another: ${what}`, async (t) => {
    const receiver = await receiverFor(t);
    for (const spans of portions) await receiver.json('/v1/traces', traces(spans));
    await receiver.settled();
    const rows = await receiver.rows<{ message: string }>(2);
    assert.deepEqual(rows.map(({ message }) => /db span (\w+)/.exec(message)?.[1]).sort(), ['INSERT', 'SELECT']);
    const latencies = await receiver.db.query<{ operation: string; count: number }>(
      'select operation, count::int from rowtrace.latency_histograms order by operation',
    );
    assert.deepEqual(latencies, [
      { operation: 'INSERT', count: 1 },
      { operation: 'SELECT', count: 1 },
    ]);
  });
