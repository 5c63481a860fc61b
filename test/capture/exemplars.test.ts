import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Exemplars } from '../../src/capture/exemplars.ts';
import type { Operation } from '../../src/record/fact.ts';
import { operationKey } from '../../src/record/operation-bound.ts';
import { uniform } from '../support/distributions.ts';

const OPERATION: Operation = { kind: 'server', name: '/dogs', method: 'GET', statusClass: '2xx' };
const KEY = operationKey(OPERATION);
const span = (nr: number) => ({ traceId: `trace-${nr}`, spanId: `span-${nr}` });

test('six latencies of an operation have a trace each, the slow ones first of all', () => {
  const exemplars = new Exemplars();
  for (let nr = 0; nr < 40; nr++) exemplars.note(KEY, 0.001 * 2 ** (nr % 20), nr, span(nr));
  const seconds = exemplars.take(OPERATION)!.map(([value]) => value);
  assert.deepEqual(
    seconds.sort((a, b) => a - b),
    [14, 15, 16, 17, 18, 19].map((power) => 0.001 * 2 ** power),
  );
  exemplars.clear();
  assert.equal(exemplars.take(OPERATION), undefined);
});

test('every span of a cell has the same chance', () => {
  const exemplars = new Exemplars(uniform('exemplars'));
  const chosen = new Array<number>(10).fill(0);
  for (let round = 0; round < 5000; round++) {
    for (let nr = 0; nr < 10; nr++) exemplars.note(KEY, 0.01, nr, span(nr));
    chosen[exemplars.take(OPERATION)![0]![1]]!++;
    exemplars.clear();
  }
  for (const times of chosen) assert.ok(Math.abs(times - 500) < 100, chosen.join());
});

test('operations beyond the bound have none', () => {
  const exemplars = new Exemplars();
  for (let nr = 0; nr <= 2000; nr++) exemplars.note(operationKey({ ...OPERATION, name: `${nr}` }), 0.01, nr, span(nr));
  assert.ok(exemplars.take({ ...OPERATION, name: '1999' }));
  assert.equal(exemplars.take({ ...OPERATION, name: '2000' }), undefined);
});
