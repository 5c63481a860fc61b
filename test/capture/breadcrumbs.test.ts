import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { captureBench } from '../support/capture.ts';

test('an error tells the last spans and log records of its request, scrubbed, and nobody else’s', () => {
  const bench = captureBench();
  const request = (work: () => void) => {
    const attributes = { 'http.request.method': 'GET', 'http.route': '/dogs/:id' };
    const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes });
    context.with(trace.setSpan(context.active(), span), work);
    span.end();
  };
  const query = (name: string) => {
    const attributes = { 'db.system.name': 'postgresql', 'db.operation.name': name };
    const startTime = Date.now();
    bench.tracer.startSpan('q', { kind: SpanKind.CLIENT, attributes, startTime }).end(startTime + 7);
  };
  request(() => query('DELETE'));
  request(() => {
    query('SELECT');
    bench.logger.emit({ severityNumber: 13, body: 'low on food, password=hunter2' });
    for (let nr = 0; nr < 19; nr++) query(`INSERT ${nr}`);
    bench.logger.emit({ severityNumber: 17, body: 'no dog', exception: new Error('no dog') });
  });
  const row = bench.logs().find(({ message }) => message === 'no dog')!;
  assert.equal(row.crumbs!.length, 20);
  assert.deepEqual(
    row.crumbs!.slice(0, 2).map(({ what, level, ms }) => [what, level, ms]),
    [
      ['low on food, password=[scrubbed]', 'WARNING', undefined],
      ['db INSERT 0', undefined, 7],
    ],
  );
  const outside = captureBench();
  outside.logger.emit({ severityNumber: 17, body: 'alone' });
  assert.equal(outside.logs()[0]!.crumbs, undefined);
});

test('INFO that makes no row is a breadcrumb of its request, bounded; DEBUG is not, and outside a request nothing is kept', () => {
  const bench = captureBench();
  const attributes = { 'http.request.method': 'GET', 'http.route': '/dogs/:id' };
  const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes });
  context.with(trace.setSpan(context.active(), span), () => {
    assert.equal(bench.logger.enabled({ severityNumber: 9 }), true);
    assert.equal(bench.logger.enabled({ severityNumber: 5 }), false);
    bench.logger.emit({ severityNumber: 9, body: 'rex is looked for, password=hunter2' });
    bench.logger.emit({ severityNumber: 5, body: 'cache: miss' });
    bench.logger.emit({ severityNumber: 9, body: 'x'.repeat(5000) });
    bench.logger.emit({ severityNumber: 17, body: 'no dog' });
  });
  span.end();
  assert.equal(bench.logger.enabled({ severityNumber: 9 }), false);
  bench.logger.emit({ severityNumber: 9, body: 'idle' });
  const [row, ...others] = bench.logs();
  assert.deepEqual(others, []);
  const [first, second, ...more] = row!.crumbs!;
  assert.deepEqual([first!.what, first!.level], ['rex is looked for, password=[scrubbed]', 'INFO']);
  assert.ok(second!.what.length <= 200, `${second!.what.length}`);
  assert.deepEqual(more, []);
});
