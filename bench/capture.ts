// What does a captured error, and a log record, cost the application's thread, and the process in all? CPU per call,
// deferred work included (with Postgres: until the last row is there), each case in a process of its own, rounds interleaved. Beside it: OpenTelemetry's own batch processor
// with an exporter that does nothing, and @sentry/node with a transport that does nothing.

import { startPostgresServer } from '../test/support/postgres-server.ts';
import { caseOf, interleaved } from './rounds.ts';
import { median, spread, table } from './statistics.ts';

const short = process.argv.includes('--short');
const ROUNDS = short ? 1 : 5;
/** Records are cheap: of fewer, most of the figure is the compiler's. */
const CALLS = { error: short ? 2_000 : 40_000, log: short ? 5_000 : 50_000 };
/** The first tells of a young process, the others, which are joined, of one that runs: V8 goes on compiling for seconds. */
const PORTIONS = { error: short ? 2 : 3, log: 1 };

export const CASES = [
  'error:none',
  'error:otel',
  'error:rowtrace',
  'error:rowtrace-postgres',
  'error:sentry',
  'error:sentry-slim',
  'log:none',
  'log:otel',
  'log:rowtrace',
] as const;

interface Figures {
  hostMicros: number;
  processMicros: number;
}

const server = await startPostgresServer();
/** By round, and in it by portion. */
const results = await interleaved(ROUNDS, CASES, (name) => {
  const kind = name.startsWith('error') ? 'error' : 'log';
  const given = [name, String(CALLS[kind]), String(PORTIONS[kind])];
  return caseOf<Figures[]>('capture/case.ts', given, { BENCH_DATABASE_URL: server.url });
});

await server.stop();

const host = (name: string): number[] => results.get(name)!.map(([first]) => first!.hostMicros);
const whole = (name: string): number[] => results.get(name)!.map(([first]) => first!.processMicros);
const wholeLater = (name: string): number[] =>
  results
    .get(name)!
    .map(([, ...later]) => later.reduce((sum, { processMicros }) => sum + processMicros, 0) / later.length);
console.log(
  table(
    ['case', 'host thread µs/call', 'whole process µs/call', `… after ${CALLS.error} errors`],
    CASES.map((name) => [
      name,
      spread(host(name)),
      spread(whole(name)),
      name.startsWith('error') ? spread(wholeLater(name)) : '',
    ]),
  ),
);

/** Net of what the application pays anyway: creating the Error and reading its stack, or calling nothing. */
const net = (name: string, figures: (name: string) => number[]): number =>
  Math.max(0.01, median(figures(name)) - median(figures(`${name.split(':')[0]}:none`)));
const ratio = (one: string, other: string, figures = host): string =>
  (net(one, figures) / net(other, figures)).toFixed(2);
console.log(`\ncaptured error, host thread, net:   Rowtrace / OTel batch   ${ratio('error:rowtrace', 'error:otel')}`);
console.log(`                                    Rowtrace / Sentry       ${ratio('error:rowtrace', 'error:sentry')}`);
console.log(
  `                                    Rowtrace / Sentry slim  ${ratio('error:rowtrace', 'error:sentry-slim')}`,
);
for (const other of ['sentry', 'sentry-slim'])
  console.log(
    `captured error, whole process, net: Rowtrace / ${other.padEnd(12)}${ratio('error:rowtrace-postgres', `error:${other}`, whole)}, ${ratio('error:rowtrace-postgres', `error:${other}`, wholeLater)} after ${CALLS.error} of them  (rows in Postgres; journaled only: ${ratio('error:rowtrace', `error:${other}`, whole)})`,
  );
console.log(`log record, host thread, net:       Rowtrace / OTel batch   ${ratio('log:rowtrace', 'log:otel')}`);
