// Exporters to a collector of the user's own, as OTEL_* asks for them.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { AlwaysOnSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { userExporters } from '../../src/capture/user-exporters.ts';
import { readOtelEnvironment } from '../../src/options/otel-env.ts';

for (const [protocol, contentType] of [
  [undefined, 'application/json'],
  ['http/json', 'application/json'],
  ['http/protobuf', 'application/x-protobuf'],
] as const)
  test(`OTEL_EXPORTER_OTLP_PROTOCOL=${protocol}: traces go as ${contentType}`, async (t) => {
    const types: unknown[] = [];
    const collector = createServer((request, response) => {
      types.push(request.headers['content-type']);
      request.resume().on('end', () => response.end());
    }).listen(0, '127.0.0.1');
    t.after(() => collector.close());
    await new Promise((listening) => collector.once('listening', listening));
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    t.after(() => delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT);
    const said: string[] = [];
    const otel = readOtelEnvironment({ OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: protocol });
    const { spanProcessors } = userExporters(otel, (line) => said.push(line));
    const tracers = new TracerProvider({ sampler: new AlwaysOnSampler(), spanProcessors });
    tracers.getTracer('test').startSpan('a').end();
    await tracers.shutdown();
    assert.deepEqual([types, said], [[contentType], []]);
  });

test('gRPC has an exporter of its own, that of JSON is not taken for it', () => {
  const said: string[] = [];
  const otel = readOtelEnvironment({ OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' });
  const { spanProcessors } = userExporters(otel, (line) => said.push(line));
  // Where it is not installed: the command that brings it.
  if (spanProcessors.length === 0) assert.match(said[0]!, /npm install @opentelemetry\/exporter-trace-otlp-grpc`$/);
  else
    assert.ok(
      Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('exporter-trace-otlp-grpc')),
    );
});

test('an exporter that is not known is said and left out', () => {
  const said: string[] = [];
  const { spanProcessors, metricReaders } = userExporters(
    readOtelEnvironment({ OTEL_TRACES_EXPORTER: 'console,none', OTEL_METRICS_EXPORTER: 'none' }),
    (line) => said.push(line),
  );
  assert.deepEqual([spanProcessors.length, metricReaders.length], [0, 0]);
  assert.deepEqual(said, ['OTEL_TRACES_EXPORTER=console: only otlp is known here; this one is ignored']);
});
