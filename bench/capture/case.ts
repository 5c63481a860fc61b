// One case of bench/capture.ts in this process: prints CPU micro-seconds per call of the main thread and of the process, for each
// portion of calls.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logs } from '@opentelemetry/api';

const [name, ...numbers] = process.argv.slice(2) as [string, string, string];
const [calls, portions] = numbers.map(Number) as [number, number];
const BURST = 50;

function failure(depth: number): Error {
  return depth === 0 ? new Error(`dog ${Math.random()} not found`) : failure(depth - 1);
}

const dir = mkdtempSync(join(tmpdir(), 'rowtrace-bench-'));
/** Waits for what goes on behind the calls; with a database until all rows are there. */
let settled = (): Promise<unknown> => new Promise((later) => setTimeout(later, 1500));
const call = await prepare();
await burst(calls / 10);
const figures: { hostMicros: number; processMicros: number }[] = [];
for (let portion = 0; portion < portions; portion++) {
  const hostBefore = process.threadCpuUsage();
  const processBefore = process.cpuUsage();
  await burst(calls);
  const host = process.threadCpuUsage(hostBefore);
  const whole = process.cpuUsage(processBefore);
  figures.push({
    hostMicros: (host.user + host.system) / calls,
    processMicros: (whole.user + whole.system) / calls,
  });
}
console.log(JSON.stringify(figures));
rmSync(dir, { recursive: true, force: true });
process.exit(0);

/** Bursts, with turns of the event loop between them, then what was put off. */
async function burst(count: number): Promise<void> {
  for (let done = 0; done < count; done += BURST) {
    for (let at = 0; at < BURST; at++) call();
    await new Promise((turn) => setImmediate(turn));
  }
  await settled();
}

async function prepare(): Promise<() => void> {
  switch (name) {
    case 'error:none':
      return () => void failure(10).stack;
    case 'log:none':
      return () => void ` dog ${Math.random()} is late`;
    case 'error:otel':
      await otel();
      return emitError;
    case 'log:otel':
      await otel();
      return emitLog;
    case 'error:rowtrace':
      await rowtrace();
      return emitError;
    case 'error:rowtrace-postgres':
      await rowtrace(process.env.BENCH_DATABASE_URL);
      return emitError;
    case 'log:rowtrace':
      await rowtrace();
      return emitLog;
    case 'error:sentry':
    case 'error:sentry-slim':
      return sentry(name === 'error:sentry-slim');
    default:
      throw new Error(`no case ${name}`);
  }
}

function emitError(): void {
  const exception = failure(10);
  void exception.stack;
  logs.getLogger('bench').emit({ severityNumber: 17, body: 'request failed', exception });
}

function emitLog(): void {
  logs.getLogger('bench').emit({
    severityNumber: 13,
    body: `dog ${Math.random()} is late`,
    attributes: { dog_id: 7, clinic: 'north', attempt: 2 },
  });
}

async function otel(): Promise<void> {
  const { LoggerProvider, BatchLogRecordProcessor } = await import('@opentelemetry/sdk-logs');
  const exporter = {
    export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    shutdown: async () => {},
    forceFlush: async () => {},
  };
  logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] }));
}

async function rowtrace(databaseUrl?: string): Promise<void> {
  // By address, since the build is not there when types are checked.
  const { start } = await import(new URL('../../dist/src/index.mjs', import.meta.url).href);
  // Without the storm valve: the question is what a record costs that is written in full.
  const running = start({ dir, quiet: true, console: 'off', stormRows: 0, databaseUrl });
  if (databaseUrl === undefined) return;
  settled = async () => {
    if (!(await running.flush(60_000))) throw new Error('rows are missing after a minute');
  };
}

async function sentry(slim: boolean): Promise<() => void> {
  const Sentry = await import('@sentry/node');
  const off = ['ContextLines', 'Dedupe', 'LocalVariables', 'Modules', 'Context'];
  Sentry.init({
    dsn: 'https://key@localhost/1',
    transport: () => ({ send: async () => ({ statusCode: 200 }), flush: async () => true }) as never,
    ...(slim ? { integrations: (all) => all.filter((one) => !off.includes(one.name)) } : {}),
  });
  return () => {
    const error = failure(10);
    void error.stack;
    Sentry.captureException(error);
  };
}
