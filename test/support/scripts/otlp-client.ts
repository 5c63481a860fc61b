// An application with an OpenTelemetry SDK that is set up by environment variables alone, as a user has it. Once it is told
// "go": a request with an exception in it, log records, a duration metric; then it shuts down. In: "2.12" or "3.x", and how
// many log records.

import { createRequire } from 'node:module';

const [line, count] = [process.argv[2], Number(process.argv[3])];
const root = createRequire(import.meta.url);
const load = line === '2.12' ? createRequire(root.resolve('otel2/package.json')) : root;
const api = load('@opentelemetry/api');
const { logs } = line === '2.12' ? load('@opentelemetry/api-logs') : api;
const { NodeSDK } = load('@opentelemetry/sdk-node');

const sdk = new NodeSDK();
sdk.start();
console.log('ready');
process.stdin.once('data', async () => {
  process.stdin.destroy();
  const tracer = api.trace.getTracer('app');
  const request = tracer.startSpan('GET /dogs/:id', {
    kind: api.SpanKind.SERVER,
    attributes: { 'http.request.method': 'GET', 'http.route': '/dogs/:id', 'url.path': '/dogs/7', 'user.id': 'u1' },
  });
  const inside = tracer.startSpan(
    'load dog',
    { attributes: { dog_id: 7 } },
    api.trace.setSpan(api.context.active(), request),
  );
  inside.recordException(new TypeError('no dog 7'));
  inside.setStatus({ code: api.SpanStatusCode.ERROR });
  inside.end();
  request.setAttribute('http.response.status_code', 500);
  request.setStatus({ code: api.SpanStatusCode.ERROR });
  request.end();
  const jobs = logs.getLogger('jobs');
  for (let at = 0; at < count; at++)
    jobs.emit({ severityNumber: 17, body: `nightly job ${at} failed`, attributes: { job: 'cleanup' } });
  jobs.emit({ severityNumber: 9, body: 'fine' });
  const duration = api.metrics.getMeter('app').createHistogram('http.server.request.duration', { unit: 's' });
  // Of a route without spans, which are measured too until the first metric comes.
  for (const seconds of [0.1, 0.2, 0.3])
    duration.record(seconds, { 'http.request.method': 'GET', 'http.route': '/cats/:id' });
  const { traceId, spanId } = inside.spanContext();
  console.log(JSON.stringify({ traceId, spanId }));
  await sdk.shutdown();
});
