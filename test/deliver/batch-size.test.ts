import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchSize } from '../../src/deliver/batch-size.ts';

test('fast writes make batches larger up to the most, slow ones smaller down to one row', () => {
  const size = new BatchSize({ rows: 1_000, bytes: 2_000_000 });
  assert.deepEqual(size.limits, { rows: 500, bytes: 1_000_000 });
  size.wrote(10);
  size.wrote(10);
  assert.deepEqual(size.limits, { rows: 1_000, bytes: 2_000_000 });
  size.wrote(500);
  assert.equal(size.limits.rows, 1_000);
  size.wrote(1_500);
  assert.deepEqual(size.limits, { rows: 500, bytes: 1_000_000 });
  for (let write = 0; write < 20; write++) size.wrote(1_500);
  assert.equal(size.limits.rows, 1);
});

test('a batch that was cancelled for its size names the size of the next, which is never larger for it', () => {
  const size = new BatchSize({ rows: 1_000, bytes: 2_000_000 });
  size.reduce(125);
  assert.deepEqual(size.limits, { rows: 125, bytes: 250_000 });
  size.reduce(400);
  assert.equal(size.limits.rows, 125);
});
