// OTEL_PROPAGATORS as the preload takes it: what is brought, what the application has, what is neither.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { userPropagator } from '../../src/capture/user-propagators.ts';
import { folderFor } from '../support/folder.ts';

function made(propagators: string[]) {
  const said: string[] = [];
  const fields = userPropagator({ propagators } as never, (line) => said.push(line)).fields();
  return { fields, said };
}

test('a propagator that is not known is said and left out, also one called like a property of every object', () => {
  const { fields, said } = made(['constructor', 'b4', 'tracecontext']);
  assert.deepEqual(fields, ['traceparent', 'tracestate']);
  assert.equal(said.length, 2);
  assert.match(said[1]!, /b4 is not known here \(tracecontext, baggage, b3, b3multi, jaeger, xray, ottrace, none\)/);
});

test('one whose package is not installed is left out, with the command that brings it', () => {
  const { fields, said } = made(['ottrace', 'baggage', 'baggage', 'none']);
  assert.deepEqual(fields, ['baggage']);
  assert.equal(said.length, 1);
  assert.match(said[0]!, /ottrace is left out.*; run `npm install @opentelemetry\/propagator-ot-trace`$/);
});

test('B3 comes in the encoding that its name says', () => {
  assert.deepEqual(made(['b3', 'tracecontext']), { fields: ['b3', 'traceparent', 'tracestate'], said: [] });
  const { fields, said } = made(['b3multi']);
  assert.deepEqual([fields.includes('x-b3-traceid'), fields.includes('b3'), said], [true, false, []]);
});

test('one that only the application has is taken from there', (t) => {
  const folder = folderFor(t);
  const own = join(folder, 'node_modules/@opentelemetry/propagator-ot-trace');
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'package.json'), '{"name":"@opentelemetry/propagator-ot-trace","version":"1.0.0"}');
  writeFileSync(
    join(own, 'index.js'),
    "exports.OTTracePropagator = class { fields() { return ['ot-tracer-traceid']; } };",
  );
  const from = process.cwd();
  t.after(() => process.chdir(from));
  process.chdir(folder);
  assert.deepEqual(made(['ottrace']), { fields: ['ot-tracer-traceid'], said: [] });
});
