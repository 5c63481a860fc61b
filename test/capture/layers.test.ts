// Instrumentations in layers, as a team's own SDK has them (Knex around pg, a logger's beside the framework's): one
// exception is one row, one query one latency and one slow span.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Attributes, context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { captureBench } from '../support/capture.ts';

type Bench = ReturnType<typeof captureBench>;

const PG = { 'db.system.name': 'postgresql', 'db.operation.name': 'SELECT' };
const KNEX = { 'db.system.name': 'postgresql', 'db.operation.name': 'select', 'db.collection.name': 'dogs' };

function inSpan(bench: Bench, attributes: Attributes, kind: SpanKind, work: (span: SpanOf) => void, millis = 5): void {
  const startTime = Date.now();
  const span = bench.tracer.startSpan('span', { kind, attributes, startTime });
  context.with(trace.setSpan(context.active(), span), () => work(span));
  span.end(startTime + millis);
}
type SpanOf = ReturnType<Bench['tracer']['startSpan']>;

/** A query of Knex that fails, as its instrumentation and that of pg tell of it. @returns the Error that Knex rejects with */
function failedQuery(bench: Bench): Error {
  const error = Object.assign(new Error('select * from "dogs" - relation "dogs" does not exist'), {
    name: 'error',
    code: '42P01',
  });
  inSpan(bench, KNEX, SpanKind.CLIENT, (outer) => {
    inSpan(bench, PG, SpanKind.CLIENT, (inner) => {
      inner.recordException("PostgreSQL error of type 'error' occurred (code: 42P01)");
      inner.setStatus({ code: SpanStatusCode.ERROR, message: 'relation "dogs" does not exist' });
    });
    const { message, code, stack, name } = error;
    outer.recordException({ message, code, stack, name } as Error);
    outer.setStatus({ code: SpanStatusCode.ERROR, message });
  });
  return error;
}

function left(bench: Bench) {
  const gone = new Set(bench.merges().map(({ row }) => row.id));
  return bench.logs().filter(({ id }) => !gone.has(id));
}

const server = { 'http.method': 'GET', 'http.route': '/dogs' };

test('a failed query told of by two layers, and the Error that went on: one row, of the Error', () => {
  const bench = captureBench();
  inSpan(bench, server, SpanKind.SERVER, (request) => request.recordException(failedQuery(bench)));
  const rows = left(bench);
  assert.deepEqual(
    rows.map(({ error, level }) => [error?.message, level]),
    [['select * from "dogs" - relation "dogs" does not exist', 'ERROR']],
  );
  assert.equal(bench.ledger().accepted - bench.ledger().merged, bench.logs().length);
});

test('the same, caught and logged as a warning: one row, a warning', () => {
  const bench = captureBench();
  inSpan(bench, server, SpanKind.SERVER, () => {
    const error = failedQuery(bench);
    bench.logger.emit({ severityNumber: 13, body: 'fallback used', exception: error });
  });
  assert.deepEqual(
    left(bench).map(({ message, level }) => [message, level]),
    [['fallback used', 'WARNING']],
  );
});

test('the same, and nobody says more: one row', () => {
  const bench = captureBench();
  inSpan(bench, server, SpanKind.SERVER, () => void failedQuery(bench));
  assert.equal(left(bench).length, 1);
});

test('two failed queries are two rows', () => {
  const bench = captureBench();
  inSpan(bench, server, SpanKind.SERVER, (request) => {
    request.recordException(failedQuery(bench));
    request.recordException(failedQuery(bench));
  });
  assert.equal(left(bench).length, 2);
});

test('what a client told takes no row beside an error logged as text, with its stack', () => {
  const bench = captureBench();
  inSpan(bench, server, SpanKind.SERVER, () => {
    inSpan(bench, PG, SpanKind.CLIENT, (inner) => {
      inner.recordException("PostgreSQL error of type 'error' occurred (code: 42P01)");
      inner.setStatus({ code: SpanStatusCode.ERROR, message: 'relation "dogs" does not exist' });
    });
    bench.logger.emit({
      severityNumber: 17,
      body: 'query failed',
      attributes: {
        'exception.type': 'error',
        'exception.message': 'relation "dogs" does not exist',
        'exception.stacktrace': 'error: relation "dogs" does not exist\n    at query (/app/dogs.js:3:9)',
      },
    });
  });
  assert.deepEqual(
    left(bench).map(({ message }) => message),
    ['query failed'],
  );
});

test('a query is measured once, by the innermost of its layers', () => {
  const measured: unknown[] = [];
  const bench = captureBench({
    onDuration: (attributes) => attributes['span.operation'] === 'db' && measured.push(attributes['span.name']),
  });
  inSpan(bench, server, SpanKind.SERVER, () => {
    inSpan(bench, KNEX, SpanKind.CLIENT, () => inSpan(bench, PG, SpanKind.CLIENT, () => {}));
    inSpan(bench, PG, SpanKind.CLIENT, () => {});
    inSpan(bench, KNEX, SpanKind.CLIENT, () => {});
  });
  assert.deepEqual(measured, ['SELECT', 'SELECT', 'select dogs']);
});

test('a slow query is one row; slow layers around quick queries are one as well', () => {
  const bench = captureBench();
  inSpan(bench, server, SpanKind.SERVER, () => {
    inSpan(bench, KNEX, SpanKind.CLIENT, () => inSpan(bench, PG, SpanKind.CLIENT, () => {}, 700), 710);
  });
  inSpan(bench, server, SpanKind.SERVER, () => {
    inSpan(bench, KNEX, SpanKind.CLIENT, () => inSpan(bench, PG, SpanKind.CLIENT, () => {}, 100), 710);
  });
  assert.deepEqual(
    bench.logs().map(({ template }) => template),
    ['Slow db span SELECT postgresql', 'Slow db span select dogs postgresql'],
  );
});

test('the method of a request is known by its old name as well', () => {
  const bench = captureBench();
  inSpan(bench, server, SpanKind.SERVER, (request) => request.recordException(new Error('a')));
  assert.equal(bench.logs()[0]?.method, 'GET');
  assert.equal(bench.amendments().at(-1)?.method, 'GET');
});

test('what instrumentations put on spans and into log records for themselves is no tag', () => {
  const bench = captureBench();
  inSpan(bench, server, SpanKind.SERVER, (request) => {
    inSpan(bench, { 'router.type': 'middleware', 'router.name': 'auth', cart: 7 }, SpanKind.INTERNAL, () => {
      bench.logger.emit({ severityNumber: 17, body: 'a' });
    });
    const { traceId, spanId } = request.spanContext();
    const injected = { trace_id: traceId, span_id: spanId, trace_flags: '01' };
    bench.logger.emit({ severityNumber: 17, body: 'b', attributes: { ...injected, cart: 8 } });
    // That of somewhere else says something.
    bench.logger.emit({ severityNumber: 17, body: 'c', attributes: { trace_id: 'theirs' } });
  });
  assert.deepEqual(
    bench.logs().map(({ tags }) => tags),
    [{ cart: 7 }, { cart: 8 }, { trace_id: 'theirs' }],
  );
});
