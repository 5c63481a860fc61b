// The application of bench/start.ts: the argument says what is in front of it; prints CPU and wall milliseconds of its start.

const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const INSTRUMENTATIONS = {
  ...{ http: 'HttpInstrumentation', undici: 'UndiciInstrumentation', express: 'ExpressInstrumentation' },
  ...{ pg: 'PgInstrumentation', mysql2: 'MySQL2Instrumentation', mongodb: 'MongoDBInstrumentation' },
  ...{ redis: 'RedisInstrumentation', ioredis: 'IORedisInstrumentation', amqplib: 'AmqplibInstrumentation' },
  ...{ graphql: 'GraphQLInstrumentation', 'aws-sdk': 'AwsInstrumentation', openai: 'OpenAIInstrumentation' },
};

const begun = process.cpuUsage();
const at = performance.now();
watch(process.argv[2]);
const watched = process.cpuUsage();
const files = Object.keys(require.cache).length;
for (const name of ['webpack', 'openai', 'graphql', 'rxjs', '@nestjs/core', 'fastify', 'express']) require(name);
require('webpack/lib/optimize/SplitChunksPlugin');
const loaded = process.cpuUsage();
const millis = (before, after) => (after.user + after.system - before.user - before.system) / 1000;
console.log(
  JSON.stringify({
    watchMillis: millis(begun, watched),
    loadMillis: millis(watched, loaded),
    wallMillis: performance.now() - at,
    files: Object.keys(require.cache).length - files,
  }),
);

function watch(what) {
  switch (what) {
    case 'rowtrace':
      process.env.ROWTRACE_DIR = mkdtempSync(join(tmpdir(), 'rowtrace-bench-'));
      process.env.ROWTRACE_QUIET = 'on';
      process.on('exit', () => rmSync(process.env.ROWTRACE_DIR, { recursive: true, force: true }));
      require('../../dist/src/register.cjs');
      break;
    case 'otel': {
      const { trace } = require('@opentelemetry/api');
      const { registerInstrumentations } = require('@opentelemetry/instrumentation');
      const { TracerProvider } = require('@opentelemetry/sdk-trace');
      trace.setGlobalTracerProvider(new TracerProvider());
      const instrumentations = Object.entries(INSTRUMENTATIONS).map(
        ([name, className]) => new (require(`@opentelemetry/instrumentation-${name}`)[className])(),
      );
      registerInstrumentations({ instrumentations });
      break;
    }
    case 'sentry':
      require('@sentry/node').init({ dsn: 'https://key@localhost/1' });
      break;
  }
}
