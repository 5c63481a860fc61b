// What an outgoing fetch carries when it has trace headers already.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { propagation } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { keepGivenHeaders } from '../../src/capture/given-headers.ts';
import { captureBench } from '../support/capture.ts';

const GIVEN = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const instrumentation = new UndiciInstrumentation({ requestHook: keepGivenHeaders });
const server = createServer((request, response) => response.end(JSON.stringify(request.headersDistinct)));

before(async () => {
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  );
  instrumentation.setTracerProvider(captureBench().tracers);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
after(() => {
  instrumentation.disable();
  propagation.disable();
  server.close();
  server.closeAllConnections();
});

async function received(headers: Record<string, string>): Promise<Record<string, string[]>> {
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { headers });
  return (await answer.json()) as Record<string, string[]>;
}

test('a request without trace headers gets ours', async () => {
  const { traceparent } = await received({ accept: 'text/plain' });
  assert.equal(traceparent?.length, 1);
});

test('a traceparent that is there, however it is spelt, stays the only one', async () => {
  for (const name of ['traceparent', 'TraceParent']) {
    const { traceparent } = await received({ [name]: GIVEN });
    assert.deepEqual(traceparent, [GIVEN]);
  }
});

test('baggage that is there does not keep the trace from going on', async () => {
  const { traceparent, baggage } = await received({ baggage: 'team=a' });
  assert.equal(traceparent?.length, 1);
  assert.deepEqual(baggage, ['team=a']);
});
