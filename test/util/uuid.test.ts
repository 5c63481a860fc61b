// UUIDv7: the layout of RFC 9562, the time readable, order by time, no repeats.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uuidv7 } from '../../src/util/uuid.ts';

test('has version 7, a valid variant and the given milliseconds in front', () => {
  const id = uuidv7(0x0123456789ab);
  assert.match(id, /^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('sorts by time and does not repeat within one millisecond', () => {
  const ids = Array.from({ length: 20_000 }, (_, at) => uuidv7(1_700_000_000_000 + Math.floor(at / 5000)));
  assert.equal(new Set(ids).size, ids.length);
  const prefixes = ids.map((id) => id.slice(0, 13));
  assert.deepEqual(prefixes, [...prefixes].sort());
});

test('more ids than the counter counts in one millisecond are unique still', () => {
  const ids = new Set(Array.from({ length: 200_000 }, () => uuidv7(1_700_000_000_001)));
  assert.equal(ids.size, 200_000);
});

test('times outside 48 bits and fractions of milliseconds give valid ids', () => {
  for (const millis of [-1, 0.5, 1e300, 1_700_000_000_000.75])
    assert.match(uuidv7(millis), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
