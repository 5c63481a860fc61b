// One logger, with or without Rowtrace, in this process: prints micro-seconds a record, the median of bursts, so that
// neighbours on the machine and the collector of garbage count for little.

import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { median } from '../statistics.ts';

const [name, world] = process.argv.slice(2) as [string, string];
const BURSTS = 300;
const BURST = 100;
/** Records of one request. */
const REQUEST = 10;

const dir = mkdtempSync(join(tmpdir(), 'rowtrace-bench-'));
if (world === 'rowtrace') {
  // By address, since the build is not there when types are checked.
  const { start } = await import(new URL('../../dist/src/index.mjs', import.meta.url).href);
  start({ dir, quiet: true, console: 'off', stormRows: 0, callSampleRate: 0 });
}

interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

const require = createRequire(import.meta.url);
const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
const logger = make();
const fields = { dog_id: 7, clinic: 'north' };
const tracer = trace.getTracer('bench');

function make(): Logger {
  if (name === 'pino') return require('pino')({ level: 'info' }, nowhere);
  if (name === 'bunyan')
    return require('bunyan').createLogger({ name: 'bench', streams: [{ stream: nowhere, level: 'info' }] });
  const winston = require('winston');
  const own = winston.createLogger({ level: 'info', transports: [new winston.transports.Stream({ stream: nowhere })] });
  return {
    info: (given, message) => own.info(message, given),
    warn: (given, message) => own.warn(message, given),
  };
}

async function measure(record: () => void, inRequest: boolean): Promise<number> {
  const bursts: number[] = [];
  for (let burst = 0; burst < BURSTS; burst++) {
    const spans = Array.from({ length: inRequest ? BURST / REQUEST : 0 }, () =>
      tracer.startSpan('GET /dogs', { kind: SpanKind.SERVER }),
    );
    const contexts = spans.map((span) => trace.setSpan(context.active(), span));
    const start = performance.now();
    if (inRequest)
      for (const one of contexts)
        context.with(one, () => {
          for (let at = 0; at < REQUEST; at++) record();
        });
    else for (let at = 0; at < BURST; at++) record();
    bursts.push(((performance.now() - start) * 1000) / BURST);
    for (const span of spans) span.end();
    await new Promise((turn) => setImmediate(turn));
  }
  return median(bursts.slice(BURSTS / 3));
}

const info = () => logger.info(fields, 'dog is fed');
console.log(
  JSON.stringify({
    info: await measure(info, false),
    'info in a request': await measure(info, true),
    warn: await measure(() => logger.warn(fields, 'dog is late'), false),
  }),
);
rmSync(dir, { recursive: true, force: true });
process.exit(0);
