// What does the start of an application pay, in CPU: for what watches it, and for its own files behind that? One of some 850 files,
// with nothing, with Rowtrace, with OpenTelemetry's own instrumentations (those that Rowtrace has, and Express), with @sentry/node.
// Each start is a process of its own, rounds interleaved.

import { caseOf, interleaved } from './rounds.ts';
import { median, spread, table } from './statistics.ts';

const ROUNDS = process.argv.includes('--short') ? 2 : 15;
const CASES = ['nothing', 'rowtrace', 'otel', 'sentry'] as const;

interface Figures {
  watchMillis: number;
  loadMillis: number;
  wallMillis: number;
  files: number;
}

const results = await interleaved(ROUNDS, CASES, (name) => caseOf<Figures>('start/app.cjs', [name]));

const of = (name: string, field: keyof Figures): number[] => results.get(name)!.map((figures) => figures[field]);
console.log(
  table(
    ['case', 'what watches, CPU ms', 'the application’s files, CPU ms', 'both, wall ms', 'files'],
    CASES.map((name) => [
      name,
      spread(of(name, 'watchMillis'), 0),
      spread(of(name, 'loadMillis'), 0),
      spread(of(name, 'wallMillis'), 0),
      String(median(of(name, 'files'))),
    ]),
  ),
);
const whole = (name: string): number => median(of(name, 'watchMillis')) + median(of(name, 'loadMillis'));
const added = (name: string): number => whole(name) - whole('nothing');
for (const other of ['otel', 'sentry'])
  console.log(
    `added to the start, CPU: Rowtrace / ${other.padEnd(7)} ${(added('rowtrace') / added(other)).toFixed(2)}`,
  );
