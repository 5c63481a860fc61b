// Helpers of the manual door and what one writes by hand for the same, in this process, under one SDK: `plain` (OpenTelemetry's
// own, exporting nowhere) or `rowtrace` (the journal). Prints nanoseconds a call, by round: the median of its bursts, so that
// neighbours on the machine and the collector of garbage count for little.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { context, createContextKey, logs, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { median } from '../statistics.ts';

const [world, roundsGiven, callsGiven] = process.argv.slice(2) as [string, string, string];
const ROUNDS = Number(roundsGiven);
const CALLS = Number(callsGiven);
/** What is open in the SDK's buffers at a time stays bounded. */
const BURST = 100;

const dir = mkdtempSync(join(tmpdir(), 'rowtrace-bench-'));
// By address, since the build is not there when types are checked.
const rowtrace = await import(new URL('../../dist/src/index.mjs', import.meta.url).href);
const {
  captureError,
  captureErrors,
  createLogger,
  handleErrors,
  logCalls,
  setTag,
  setUser,
  trackLatency,
  withContext,
} = rowtrace as typeof import('../../src/index.ts');
if (world === 'plain') registerPlain();
// Without the storm valve: the question is what a record costs that is written in full.
else rowtrace.start({ dir, quiet: true, console: 'off', stormRows: 0, callSampleRate: 0 });

/** Made outside of what is timed: an error and its stack are the application's affair. */
let errors: Error[] = [];
let at = 0;
const next = (): Error => errors[at++ % errors.length]!;

const tags = { dog_id: 7, clinic: 'north' };
const logger = createLogger({ module: 'bench' });
const tracer = trace.getTracer('bench');
const KEY = createContextKey('by hand');
const add = (a: number, b: number): number => a + b;
const fail = (): never => {
  throw next();
};

function emitError(error: Error): void {
  logs.getLogger('bench').emit({
    severityNumber: 17,
    severityText: 'ERROR',
    body: error.message,
    attributes: tags,
    exception: error,
  });
}

interface Pair {
  helper: () => unknown;
  byHand: () => unknown;
  isAsync?: true;
}

const handled = handleErrors(add);
const handledFailing = handleErrors(fail, { fallback: 0 as never });
const logged = logCalls(add, { level: 'WARNING', module: 'bench' });

const PAIRS: Record<string, Pair> = {
  captureError: {
    helper: () => captureError(next(), { module: 'bench', tags }),
    byHand: () => emitError(next()),
  },
  'logger.warn': {
    helper: () => logger.warn('dog is late', { extra: tags }),
    byHand: () =>
      logs
        .getLogger('bench')
        .emit({ severityNumber: 13, severityText: 'WARN', body: 'dog is late', attributes: { ...tags } }),
  },
  'logger.error, with an error': {
    helper: () => logger.error('dog is lost', { error: next(), extra: tags }),
    byHand: () => emitError(next()),
  },
  'trackLatency, sync': {
    helper: () => trackLatency('add', { peer: 'sums' }, () => add(1, 2)),
    byHand: () => spanned(() => add(1, 2)),
  },
  'trackLatency, async': {
    isAsync: true,
    helper: () => trackLatency('add', { peer: 'sums' }, async () => add(1, 2)),
    byHand: () => spannedLater(async () => add(1, 2)),
  },
  'captureErrors, failing': {
    helper: () => captureErrors({ component: 'bench', tags, rethrow: false }, fail),
    byHand: () => {
      try {
        fail();
      } catch (error) {
        emitError(error as Error);
      }
    },
  },
  'handleErrors, failing': {
    helper: () => handledFailing(),
    byHand: () => {
      try {
        return fail();
      } catch (error) {
        emitError(error as Error);
        return 0;
      }
    },
  },
  'handleErrors, not failing': { helper: () => handled(1, 2), byHand: () => add(1, 2) },
  logCalls: {
    helper: () => logged(1, 2),
    byHand: () => {
      const startedAt = performance.now();
      const result = add(1, 2);
      logs.getLogger('bench').emit({
        severityNumber: 13,
        severityText: 'WARN',
        body: 'add returned',
        attributes: {
          'code.function.name': 'add',
          'call.arguments': ['1', '2'],
          'call.duration_ms': Math.round(performance.now() - startedAt),
        },
      });
      return result;
    },
  },
  'logger.debug, below the level': {
    helper: () => logger.debug('dog is late', { extra: tags }),
    byHand: () =>
      logs
        .getLogger('bench')
        .emit({ severityNumber: 5, severityText: 'DEBUG', body: 'dog is late', attributes: { ...tags } }),
  },
  withContext: {
    helper: () => withContext({ userId: 'ada', tags }, () => add(1, 2)),
    byHand: () => context.with(context.active().setValue(KEY, { userId: 'ada', ...tags }), () => add(1, 2)),
  },
  'setUser and setTag': {
    helper: () => {
      setUser('ada');
      setTag('clinic', 'north');
    },
    byHand: () => {
      trace.getActiveSpan()?.setAttribute('user.id', 'ada');
      trace.getActiveSpan()?.setAttribute('clinic', 'north');
    },
  },
};

const figures: Record<string, { helper: number[]; byHand: number[] }> = {};
for (let round = -2; round < ROUNDS; round++) {
  for (const [name, pair] of Object.entries(PAIRS)) {
    const order = (round & 1) === 0 ? (['helper', 'byHand'] as const) : (['byHand', 'helper'] as const);
    figures[name] ??= { helper: [], byHand: [] };
    for (const side of order) {
      const nanos = await timed(pair[side], pair.isAsync);
      // The first rounds warm up.
      if (round >= 0) figures[name][side].push(nanos);
    }
  }
}
console.log(JSON.stringify(figures));
rmSync(dir, { recursive: true, force: true });
process.exit(0);

async function timed(call: () => unknown, isAsync?: true): Promise<number> {
  const bursts: number[] = [];
  const span = tracer.startSpan('GET /bench', { kind: SpanKind.SERVER });
  const active = trace.setSpan(context.active(), span);
  for (let done = 0; done < CALLS; done += BURST) {
    errors = Array.from({ length: BURST }, () => made(10));
    await context.with(active, async () => {
      const start = process.hrtime.bigint();
      if (isAsync) for (let n = 0; n < BURST; n++) await call();
      else for (let n = 0; n < BURST; n++) call();
      bursts.push(Number(process.hrtime.bigint() - start) / BURST);
    });
    await new Promise((turn) => setImmediate(turn));
  }
  span.end();
  return median(bursts);
}

function made(depth: number): Error {
  if (depth > 0) return made(depth - 1);
  const error = new Error(`dog ${Math.random()} not found`);
  void error.stack;
  return error;
}

function spanned<T>(work: () => T): T {
  return tracer.startActiveSpan('add', { kind: SpanKind.CLIENT, attributes: { 'server.address': 'sums' } }, (span) => {
    try {
      return work();
    } catch (error) {
      span.recordException(error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

function spannedLater<T>(work: () => Promise<T>): Promise<T> {
  const attributes = { 'server.address': 'sums' };
  return tracer.startActiveSpan('add', { kind: SpanKind.CLIENT, attributes }, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.recordException(error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

function registerPlain(): void {
  const exporter = {
    export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    shutdown: async () => {},
    forceFlush: async () => {},
  };
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] }));
  logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] }));
}
