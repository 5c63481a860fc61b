import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slowRows } from '../../src/query/slow-rows.ts';
import { errorLog } from '../support/rows.ts';
import { batch, openSink } from '../support/sinks.ts';

test('slow spans and those that hang are listed with their judge, newest first; other warnings are not', async (t) => {
  const { sink, db } = await openSink(t, 'postgres');
  const now = Date.now();
  const slow = (at: number, tags: Record<string, unknown>) =>
    errorLog({ level: 'WARNING', created_at: now - at, tags });
  await sink.write(
    batch({
      logs: [
        slow(3000, {
          'rowtrace.slow.judge': 'limit',
          'rowtrace.slow.duration_ms': 2104,
          'rowtrace.slow.limit_ms': 2000,
        }),
        slow(1000, { 'rowtrace.slow.judge': 'running', 'rowtrace.slow.running_ms': 6000 }),
        slow(2000, { other: 1 }),
      ],
    }),
  );
  const rows = await slowRows(db, 'rowtrace', { since: new Date(now - 60_000) });
  assert.deepEqual(
    rows.map(({ judge, millis, limit_ms }) => [judge, millis, limit_ms]),
    [
      ['running', 6000, null],
      ['limit', 2104, 2000],
    ],
  );
});

test('tags that a sender filled with something else stay out of the numbers, and the rows are listed', async (t) => {
  const { sink, db } = await openSink(t, 'postgres');
  const odd = ['12 ms', null, true, [1], { a: 1 }];
  await sink.write(
    batch({
      logs: odd.map((value) =>
        errorLog({
          level: 'WARNING',
          tags: {
            'rowtrace.slow.judge': 'limit',
            'rowtrace.slow.duration_ms': value,
            'rowtrace.slow.running_ms': 7,
            'rowtrace.slow.limit_ms': value,
            'rowtrace.slow.self_ms': value,
            'rowtrace.slow.loop_blocked_ms': value,
            'rowtrace.slow.children': value,
          },
        }),
      ),
    }),
  );
  const rows = await slowRows(db, 'rowtrace', { since: new Date(Date.now() - 60_000) });
  assert.equal(rows.length, odd.length);
  for (const { millis, limit_ms, self_ms, loop_blocked_ms, children } of rows) {
    assert.deepEqual([millis, limit_ms, self_ms, loop_blocked_ms], [7, null, null, null]);
    assert.ok(children === null || Array.isArray(children), JSON.stringify(children));
  }
});
