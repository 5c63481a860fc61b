// What belongs together is known by spans and their ancestors. By time only the request of a row is guessed, where spans say
// nothing and one request alone fits.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TraceMemory } from '../../src/receive/facts/trace-memory.ts';
import type { SpanSignal } from '../../src/receive/signals.ts';

const TRACE = 'a'.repeat(32);
const row = { id: 'x', t: 0 };
const spanOf = (spanId: string, parentSpanId: string, more: Partial<SpanSignal> = {}): SpanSignal => ({
  traceId: TRACE,
  spanId,
  parentSpanId,
  name: 'work',
  kind: 'internal',
  start: 1_000,
  end: 1_010,
  attributes: {},
  events: [],
  failed: false,
  statusMessage: undefined,
  ...more,
});
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

test('two requests at once: a record of neither is of none of them, one inside of one is of that', () => {
  const memory = new TraceMemory();
  const other = { ...request, span: '2', facts: { status: 503 } };
  memory.ended('kennel', TRACE, request, true);
  memory.ended('kennel', TRACE, other, true);
  memory.learn('kennel', [spanOf('3', '2')]);
  const at = (span: string) => memory.outcomeOf('kennel', TRACE, { span, from: 1_005, to: 1_005 });
  assert.deepEqual([at(''), at('4'), at('3')], [undefined, undefined, other]);
});

test('what is beside a request, under a parent of both, is not of it', () => {
  const memory = new TraceMemory();
  memory.learn('kennel', [
    spanOf('1', '9', { kind: 'server' }),
    spanOf('5', '9', { kind: 'consumer' }),
    spanOf('6', '5'),
  ]);
  memory.ended('kennel', TRACE, request, true);
  for (const span of ['5', '6', '9'])
    assert.equal(memory.outcomeOf('kennel', TRACE, { span, from: 1_005, to: 1_005 }), undefined);
});

test('a row that got an outcome by its time gets the right one when its ancestors come', () => {
  const memory = new TraceMemory();
  memory.remember('kennel', TRACE, { row, about: 'warning', isOpen: true, span: '3', from: 1_005, to: 1_005 });
  assert.deepEqual(memory.ended('kennel', TRACE, request, true), [row]);
  const healthy = { ...request, span: '2', facts: { status: 200 } };
  assert.deepEqual(memory.ended('kennel', TRACE, healthy, false), []);
  assert.deepEqual(memory.learn('kennel', [spanOf('3', '2')]), [{ facts: healthy.facts, rows: [row] }]);
  assert.deepEqual(memory.learn('kennel', [spanOf('3', '2')]), []);
});

test('a row that got the right outcome by its time gets it once', () => {
  const memory = new TraceMemory();
  memory.remember('kennel', TRACE, { row, about: 'warning', isOpen: true, span: '3', from: 1_005, to: 1_005 });
  assert.deepEqual(memory.ended('kennel', TRACE, request, true), [row]);
  assert.deepEqual(memory.learn('kennel', [spanOf('3', '1')]), []);
  assert.deepEqual(memory.ended('kennel', TRACE, request, true), []);
});

test('a failure is known on the span and all around it, as far as that came, and not beside it', () => {
  const memory = new TraceMemory();
  memory.learn('kennel', [spanOf('3', '2'), spanOf('2', '1')]);
  memory.remember('kennel', TRACE, { row, about: 'exception', isOpen: true, span: '4', from: 1_005, to: 1_006 });
  const failed = () => ['1', '2', '3', '4', '5'].filter((span) => memory.hasFailureIn('kennel', TRACE, span));
  assert.deepEqual(failed(), ['4']);
  memory.learn('kennel', [spanOf('4', '3'), spanOf('5', '1')]);
  assert.deepEqual(failed(), ['1', '2', '3', '4']);
});

test('what is taken back is not known any more: the sender comes again with it', () => {
  const memory = new TraceMemory();
  memory.learn('kennel', [spanOf('1', ''), spanOf('2', '1')]);
  memory.remember('kennel', TRACE, { row, about: 'failure', isOpen: false, span: '1', from: 1_000, to: 1_010 });
  memory.undo.take();
  assert.deepEqual(memory.takeFailuresAround('kennel', TRACE, '2'), [row]);
  memory.remember('kennel', TRACE, { row, about: 'exception', isOpen: false, span: '2', from: 1_000, to: 1_010 });
  assert.equal(memory.hasFailureIn('kennel', TRACE, '2'), true);
  memory.undo.take()();
  assert.equal(memory.hasFailureIn('kennel', TRACE, '2'), false);
  assert.deepEqual(memory.takeFailuresAround('kennel', TRACE, '2'), [row]);
});

test('ancestors are forgotten among many other traces, rows are not; circles are not followed for ever', () => {
  const memory = new TraceMemory(undefined, 100);
  memory.learn('kennel', [spanOf('2', '1'), spanOf('1', '')]);
  memory.remember('kennel', TRACE, { row, about: 'exception', isOpen: false, span: '2', from: 1_000, to: 1_010 });
  for (let n = 0; n < 100; n++)
    memory.learn('kennel', [spanOf('a', 'b', { traceId: String(n) }), spanOf('b', 'a', { traceId: String(n) })]);
  assert.deepEqual(memory.pathAbove('kennel', TRACE, '2'), []);
  assert.equal(memory.pathAbove('kennel', '99', 'a').length, 64);
  memory.learn('kennel', [spanOf('2', '1')]);
  assert.equal(memory.hasFailureIn('kennel', TRACE, '1'), true);
});
