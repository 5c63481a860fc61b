// What a request goes on to do once it is answered: its rows come after the amendment and bring status and latency along.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { captureBench } from '../support/capture.ts';

const REQUEST = { 'http.request.method': 'GET', 'request.id': 'r-1' };

test('an error after the answer is a row with the status and latency of its request, not held', () => {
  const { tracer, logger, logs, amendments } = captureBench();
  const server = tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes: REQUEST }, ROOT_CONTEXT);
  const inside = trace.setSpan(ROOT_CONTEXT, server);
  server.setAttributes({ 'http.route': '/dogs/:id', 'http.response.status_code': 202 });
  server.end();
  context.with(inside, () => logger.emit({ severityNumber: 17, body: 'could not be stored', context: inside }));
  const [row] = logs();
  assert.equal(row?.requestId, 'r-1');
  assert.equal(row?.route, '/dogs/:id');
  assert.equal(row?.status, 202);
  assert.equal(typeof row?.latency, 'number');
  assert.equal(row?.hold, undefined);
  assert.deepEqual(amendments(), []);
});

test('a span that starts after the answer is a root of its own with the request id of its origin', () => {
  const { tracer, logs } = captureBench();
  const server = tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes: REQUEST }, ROOT_CONTEXT);
  const inside = trace.setSpan(ROOT_CONTEXT, server);
  server.end();
  const later = tracer.startSpan('store', {}, inside);
  later.recordException(new Error('disk full'));
  later.end();
  const [row] = logs();
  assert.equal(row?.requestId, 'r-1');
  assert.equal(row?.status, undefined);
});

test('rows of a span that ends after the request it belongs to have its status', () => {
  const { tracer, logs } = captureBench();
  const server = tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes: REQUEST }, ROOT_CONTEXT);
  const handler = tracer.startSpan('handler', {}, trace.setSpan(ROOT_CONTEXT, server));
  server.setAttributes({ 'http.response.status_code': 200 });
  server.end();
  handler.recordException(new Error('after all'));
  handler.end();
  const [row] = logs();
  assert.equal(row?.status, 200);
  assert.equal(typeof row?.latency, 'number');
});
