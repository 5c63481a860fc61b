// Every field that may hold a value of somebody's is scrubbed before it is written, names and ids as well as texts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { requestIdOf } from '../../src/capture/request-id.ts';
import { captureBench } from '../support/capture.ts';

const SECRET = 'hunter2hunter2';
const LEAK = `password=${SECRET}`;

test('a secret in any field of errors, records, requests and calls is masked', () => {
  const bench = captureBench({ rate: 1 });
  const carrier = { context: context.active(), level: 'ERROR' as const };
  bench.tracker.thrown(Object.assign(new Error('a'), { name: `LoginError ${LEAK}` }), carrier);
  bench.tracker.thrown(Object.assign(new Error('b'), { code: LEAK }), carrier);
  bench.tracker.thrown(new Error('c'), {
    ...carrier,
    fingerprint: LEAK,
    identity: { userId: LEAK, sessionId: LEAK },
    fn: LEAK,
    module: LEAK,
    template: LEAK,
  });
  for (const kind of [SpanKind.SERVER, SpanKind.CLIENT]) {
    const span = bench.tracer.startSpan(`job ${LEAK}`, {
      kind,
      attributes: {
        'http.request.method': 'GET',
        'http.route': `/r?${LEAK}`,
        'request.id': LEAK,
        'server.address': `host?${LEAK}`,
        'error.type': LEAK,
        'session.id': LEAK,
        'user.id': LEAK,
        'rowtrace.call': true,
      },
    });
    const inside = trace.setSpan(context.active(), span);
    bench.tracker.thrown(new Error('d'), { ...carrier, context: inside });
    span.recordException(`told (code: ${LEAK})`);
    span.setAttribute('http.response.status_code', 500).setStatus({ code: SpanStatusCode.ERROR, message: LEAK }).end();
  }
  assert.equal(bench.calls().length, 2);
  const text = JSON.stringify(bench.facts);
  assert.ok(!text.includes(SECRET), text.slice(text.indexOf(SECRET) - 80).slice(0, 120));
});

test('a storm of them as well', () => {
  const bench = captureBench({ stormRows: 1 });
  for (let nr = 0; nr < 300; nr++) {
    const error = Object.assign(new Error('x'), { name: `LoginError ${LEAK}`, code: LEAK });
    error.stack = `x\n    at f${nr} (/app/${nr}.js:1:1)`;
    const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes: { 'http.route': `/r?${LEAK}` } });
    const inside = trace.setSpan(context.active(), span);
    for (let again = 0; again < 2; again++)
      bench.tracker.thrown(Object.assign(new Error('x'), { ...error, stack: error.stack }), {
        context: inside,
        level: 'ERROR',
        fingerprint: nr % 2 === 0 ? LEAK : undefined,
      });
    span.end();
  }
  bench.ledger();
  assert.ok(bench.counts().some(({ like }) => like.module === 'rowtrace'));
  const text = JSON.stringify(bench.facts);
  assert.ok(!text.includes(SECRET), text.slice(text.indexOf(SECRET) - 80).slice(0, 120));
});

for (const [id, kept] of [
  ['5f3c1a52-0b1e-4c58-9b39-0a4c1d2e3f40', true],
  ['Root=1-67891233-abcdef012345678912345678', true],
  ['V1StGXR8_Z5jdHi6B-myT', true],
  [LEAK, false],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP', false],
] as const)
  test(`a request id ${id} of a client is ${kept ? 'kept' : 'none'}`, () => {
    const given = requestIdOf({ headers: { 'x-request-id': id } }, ['x-request-id']);
    if (kept) assert.equal(given, id);
    else assert.match(given, /^[0-9a-f-]{36}$/);
  });

test('ids of users and sessions that are no secrets stay what they are', () => {
  const bench = captureBench();
  const ids = ['ada', 'ada@example.com', 'auth0|5f7c8ec7c33c6c004bbafe82', '4111111111111111', 'Ada Lovelace'];
  for (const id of ids)
    bench.tracker.thrown(new Error('x'), {
      context: context.active(),
      level: 'ERROR',
      identity: { userId: id, sessionId: id },
    });
  assert.deepEqual(
    bench.logs().map(({ userId, sessionId }) => [userId, sessionId]),
    ids.map((id) => [id, id]),
  );
});
