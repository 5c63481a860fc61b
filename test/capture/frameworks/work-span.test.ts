// Work in a span: what it throws is what its caller gets.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { SpanKind, trace } from '@opentelemetry/api';
import { inSpan } from '../../../src/capture/frameworks/work-span.ts';
import { captureBench } from '../../support/capture.ts';

const bench = captureBench();
before(() => void trace.setGlobalTracerProvider(bench.tracers));

const THROWN: Record<string, unknown> = {
  'an error': new Error('no dogs'),
  nothing: undefined,
  'an object without a prototype': Object.create(null),
  'an error whose message cannot be read': Object.defineProperty(new Error(), 'message', {
    get: () => assert.fail('unreadable'),
  }),
};

for (const [what, thrown] of Object.entries(THROWN))
  test(`${what} that is thrown in a span comes out as it is, and is a row`, async () => {
    const from = bench.logs().length;
    const work = inSpan({ scope: 'test', name: 'work', kind: SpanKind.CONSUMER, attributes: {} }, async () => {
      throw thrown;
    });
    const outcome = await work.then(assert.fail, (error: unknown) => ({ error }));
    assert.ok(outcome.error === thrown);
    assert.equal(bench.logs().length - from, 1);
  });
