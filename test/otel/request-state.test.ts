// What is remembered of errors while further carriers of them may come.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { type Carried, type RequestState, remember, SpanState, stateOf } from '../../src/otel/request-state.ts';
import { captureBench } from '../support/capture.ts';
import { collectGarbage } from '../support/collect-garbage.ts';

test('what is pushed out of the list keeps no text, since the Error and what is known of it may live on', () => {
  const list: Carried[] = [];
  const all = Array.from({ length: 40 }, (_, at): Carried => {
    const stack = `Error: ${at}\n    at dogs (/app/dogs.js:${at}:1)`;
    return { time: at, level: 'ERROR', byObject: true, message: String(at), stack, mergeable: false };
  });
  for (const one of all) remember(list, one);
  assert.deepEqual(list, all.slice(-32));
  assert.ok(all.slice(0, 8).every((one) => one.stack === undefined));
  assert.ok(list.every((one) => one.stack?.includes('/app/dogs.js')));
});

test('an event that its span has dropped is not held', async () => {
  const state = new SpanState({}, {} as RequestState, undefined, () => {});
  const kept = {};
  state.addEvent(kept);
  const dropped = Array.from({ length: 100 }, () => {
    const event = {};
    state.addEvent(event);
    return new WeakRef(event);
  });
  // References that were read or made in a turn of the loop are held until its end.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  assert.equal(dropped.filter((event) => event.deref() !== undefined).length, 0);
  assert.ok(state.hasEvent(kept));
});

for (const [how, endsFirst] of [
  ['ended before it', true],
  ['that ends after it began', false],
] as const)
  test(`in a request that stays open, spans of a loop are let go, each of them begun inside one ${how}`, async () => {
    const { tracer } = captureBench();
    const root = tracer.startSpan('GET', { kind: SpanKind.SERVER });
    let last = root;
    const spans = Array.from({ length: 100 }, () => {
      const span = tracer.startSpan('turn', {}, trace.setSpan(context.active(), last));
      if (endsFirst) span.end();
      else if (last !== root) last.end();
      last = span;
      return new WeakRef(span);
    });
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    const held = spans.filter((span) => span.deref() !== undefined).length;
    assert.ok(held <= 2, `${held} of 100 are held`);
    assert.equal(stateOf(last)?.request.span, root);
    stateOf(last)?.markFailed();
    assert.ok(stateOf(root)?.failed);
  });
