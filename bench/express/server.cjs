// The service of bench/express.ts: argument says what watches it.

const { mkdtempSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

if (process.argv[2] === 'rowtrace') {
  process.env.ROWTRACE_DIR = mkdtempSync(join(tmpdir(), 'rowtrace-bench-'));
  process.on('exit', () => require('node:fs').rmSync(process.env.ROWTRACE_DIR, { recursive: true, force: true }));
  process.env.ROWTRACE_QUIET = 'on';
  require('../../dist/src/register.cjs');
}
if (process.argv[2] === 'otel') {
  const { trace, metrics, context } = require('@opentelemetry/api');
  const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
  const { registerInstrumentations } = require('@opentelemetry/instrumentation');
  const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
  const { ExpressInstrumentation } = require('@opentelemetry/instrumentation-express');
  const { TracerProvider, BatchSpanProcessor } = require('@opentelemetry/sdk-trace');
  const { MeterProvider } = require('@opentelemetry/sdk-metrics');
  const exporter = { export: (_, done) => done({ code: 0 }), shutdown: async () => {}, forceFlush: async () => {} };
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] }));
  metrics.setGlobalMeterProvider(new MeterProvider());
  registerInstrumentations({ instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation()] });
}

const express = require('express');
const app = express();
app.get('/hello/:id', (request, response) => response.json({ hello: request.params.id }));
const server = app.listen(0, '127.0.0.1', () => process.send(server.address().port));

let before = process.cpuUsage();
process.on('message', (message) => {
  if (message === 'reset') {
    before = process.cpuUsage();
    process.send('ok');
    return;
  }
  const { user, system } = process.cpuUsage(before);
  process.send({ cpuMicros: user + system, rss: process.memoryUsage.rss() });
});
process.on('disconnect', () => process.exit(0));
