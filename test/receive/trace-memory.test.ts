// What belongs together is known by the span first, and by time where spans say nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TraceMemory } from '../../src/receive/facts/trace-memory.ts';

const TRACE = 'a'.repeat(32);
const request = { span: '1', from: 1_000, to: 1_010, facts: { status: 500 } };

test('a record of the very span finds its outcome, and waits for it, however far apart their clocks are', () => {
  const memory = new TraceMemory();
  const late = { span: '1', from: 1_060, to: 1_060 };
  memory.remember('kennel', TRACE, { row: { id: 'x', t: 0 }, about: 'warning', isOpen: true, ...late });
  assert.deepEqual(memory.ended('kennel', TRACE, request, true), [{ id: 'x', t: 0 }]);
  assert.equal(memory.outcomeOf('kennel', TRACE, late), request);
});

test('a record of another span, or of none, finds it by time', () => {
  const memory = new TraceMemory();
  memory.ended('kennel', TRACE, request, true);
  for (const span of ['2', '']) {
    assert.equal(memory.outcomeOf('kennel', TRACE, { span, from: 1_005, to: 1_005 }), request);
    assert.equal(memory.outcomeOf('kennel', TRACE, { span, from: 1_060, to: 1_060 }), undefined);
  }
});
