// What does a log record cost the thread that logs, by logger: without us; INFO below the option `level`, outside of a request
// and inside one, where it becomes a breadcrumb; a WARNING, which becomes a row? To a stream that does nothing, each logger
// with and without us in a process of its own, rounds interleaved.

import { caseOf, interleaved } from './rounds.ts';
import { median, spread, table } from './statistics.ts';

const short = process.argv.includes('--short');
const ROUNDS = short ? 2 : 7;
const LOGGERS = ['pino', 'winston', 'bunyan'] as const;
const WORLDS = ['none', 'rowtrace'] as const;

/** Micro-seconds a call. */
type Figures = Record<'info' | 'info in a request' | 'warn', number>;

const results = await interleaved(
  ROUNDS,
  LOGGERS.flatMap((logger) => WORLDS.map((world) => `${logger} ${world}`)),
  (name) => caseOf<Figures>('loggers/case.ts', name.split(' '), { ROWTRACE_DATABASE_URL: '', ROWTRACE_ENDPOINT: '' }),
);

const of = (logger: string, world: string, name: keyof Figures) =>
  results.get(`${logger} ${world}`)!.map((figures) => figures[name]);
const added = (logger: string, name: keyof Figures) =>
  median(of(logger, 'rowtrace', name).map((value, round) => value - of(logger, 'none', name)[round]!)).toFixed(1);
console.log(
  table(
    [
      'µs a record',
      'info without us',
      'info',
      'info in a request',
      'warn without us',
      'warn',
      'adds: info, in a request, warn',
    ],
    LOGGERS.map((logger) => [
      logger,
      spread(of(logger, 'none', 'info'), 1),
      spread(of(logger, 'rowtrace', 'info'), 1),
      spread(of(logger, 'rowtrace', 'info in a request'), 1),
      spread(of(logger, 'none', 'warn'), 1),
      spread(of(logger, 'rowtrace', 'warn'), 1),
      (['info', 'info in a request', 'warn'] as const).map((name) => added(logger, name)).join(', '),
    ]),
  ),
);
