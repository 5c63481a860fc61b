// Records of a logger that make no row: INFO of a request is there when an error of that request is read.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { hookBunyan, patchBunyan } from '../../../src/capture/loggers/bunyan.ts';
import { hookPino } from '../../../src/capture/loggers/pino.ts';
import { hookWinston, patchWinston } from '../../../src/capture/loggers/winston.ts';
import { type Log, loggerBench } from './records.ts';

const load = createRequire(import.meta.url);
const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });
const [pino, winston, bunyan] = [load('pino'), load('winston'), load('bunyan')];

const LOGGERS = {
  pino: { hook: hookPino, make: (): Log => pino({ level: 'debug' }, nowhere()) },
  winston: {
    hook: (...given: Parameters<typeof hookWinston>) => {
      patchWinston(winston);
      return hookWinston(...given);
    },
    make: (): Log =>
      winston.createLogger({ level: 'debug', transports: [new winston.transports.Stream({ stream: nowhere() })] }),
  },
  bunyan: {
    hook: (...given: Parameters<typeof hookBunyan>) => {
      patchBunyan(bunyan);
      return hookBunyan(...given);
    },
    make: (): Log => bunyan.createLogger({ name: 'kennel', streams: [{ level: 'debug', stream: nowhere() }] }),
  },
};

for (const [name, { hook, make }] of Object.entries(LOGGERS)) {
  test(`${name}: INFO leaves words for an error of its request, DEBUG and what is outside leave none`, () => {
    const bench = loggerBench();
    const unhook = hook(bench.getLogger(name), 13);
    try {
      const log = make() as Log & { debug: (text: string) => void };
      log.info('started');
      const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER });
      context.with(trace.setSpan(context.active(), span), () => {
        log.info('rex is looked for, password=hunter2');
        log.debug('cache: miss');
        log.error('no dog');
      });
      span.end();
      const [row, ...others] = bench.logs();
      assert.deepEqual([row!.message, others], ['no dog', []]);
      assert.deepEqual(
        row!.crumbs!.map(({ what, level }) => [what, level]),
        [['rex is looked for, password=[scrubbed]', 'INFO']],
      );
    } finally {
      unhook();
    }
  });
}
