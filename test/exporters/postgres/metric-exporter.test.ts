// The metric exporter in a real MeterProvider, against real Postgres: what was recorded is what the SQL functions give.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { PostgresMetricExporter } from '../../../exporters/postgres/metric-exporter.ts';
import { SinkError } from '../../../src/deliver/sink.ts';
import { ScriptedSink } from '../../support/scripted-sink.ts';
import { openSink } from '../../support/sinks.ts';

test('durations recorded through the SDK come back from latency() within the error of their buckets', async (t) => {
  const { sink, db } = await openSink(t, 'postgres');
  const exporter = new PostgresMetricExporter(sink);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ 'service.name': 'clinic' }),
    readers: [reader],
  });
  t.after(() => provider.shutdown());
  const duration = provider.getMeter('test').createHistogram('http.server.request.duration', { unit: 's' });
  const other = provider.getMeter('test').createHistogram('queue.size');
  other.record(3);
  const attributes = { 'http.request.method': 'GET', 'http.route': '/dogs/:id', 'http.response.status_code': 200 };
  // Two collections, two rows; together 1 … 1000 ms.
  for (let millis = 1; millis <= 500; millis++) duration.record(millis / 1000, attributes);
  await reader.forceFlush();
  for (let millis = 501; millis <= 1000; millis++) duration.record(millis / 1000, attributes);
  await reader.forceFlush();
  await reader.forceFlush();

  const rows = await db.query<{ count: number; operation: string }>(
    'select operation, count from rowtrace.latency_histograms order by seq',
  );
  assert.deepEqual(rows, [
    { operation: '/dogs/:id', count: 500 },
    { operation: '/dogs/:id', count: 500 },
  ]);
  const [latency] = await db.query<{ count: number; p50: number; p99: number; max: number; service: string }>(
    "select service, count::int, p50_ms::float8 as p50, p99_ms::float8 as p99, max_ms::float8 as max from rowtrace.latency(now() - interval '1 hour', now() + interval '1 hour')",
  );
  assert.equal(latency?.service, 'clinic');
  assert.equal(latency?.count, 1000);
  assert.ok(Math.abs((latency?.p50 ?? 0) - 500) < 25, `p50 ${latency?.p50}`);
  assert.ok(Math.abs((latency?.p99 ?? 0) - 990) < 40, `p99 ${latency?.p99}`);
  assert.ok(Math.abs((latency?.max ?? 0) - 1000) < 1e-6);
});

for (const kind of ['slow', 'outage', 'config'] as const)
  test(`a sink whose first open fails (${kind}) is opened again`, async (t) => {
    const sink = new ScriptedSink();
    let opens = 0;
    sink.open = async () => {
      if (++opens === 1) throw new SinkError(kind, 'not yet');
    };
    const exporter = new PostgresMetricExporter(sink);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ readers: [reader] });
    t.after(() => provider.shutdown());
    const duration = provider.getMeter('test').createHistogram('http.server.request.duration', { unit: 's' });
    duration.record(0.1, { 'http.request.method': 'GET', 'http.route': '/dogs' });
    await reader.forceFlush();
    assert.deepEqual([opens, sink.histograms.length], [2, 1]);
  });
