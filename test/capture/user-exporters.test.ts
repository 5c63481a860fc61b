// What of an SDK's own settings the preload makes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { userPropagator } from '../../src/capture/user-exporters.ts';

test('a propagator that is not known is said and left out, also one called like a property of every object', () => {
  const said: string[] = [];
  const propagators = ['constructor', 'b3', 'tracecontext'];
  const made = userPropagator({ propagators } as never, (line) => said.push(line));
  assert.deepEqual(made.fields(), ['traceparent', 'tracestate']);
  assert.equal(said.length, 2);
});
