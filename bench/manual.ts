// What does a helper of the manual door cost the application's thread beside the OpenTelemetry calls one would write by hand
// for the same (span, recordException, log record)? Under a plain SDK that exports nowhere, and under Rowtrace with its
// journal. Both sides in one process, in paired rounds that alternate in order; errors are made outside of what is timed.

import { caseOf } from './rounds.ts';
import { median, spread, table } from './statistics.ts';

const short = process.argv.includes('--short');
const ROUNDS = short ? 5 : 21;
const CALLS = short ? 1_500 : 3_000;

type Figures = Record<string, { helper: number[]; byHand: number[] }>;

for (const [world, title] of [
  ['plain', 'under a plain OpenTelemetry SDK'],
  ['rowtrace', 'under Rowtrace'],
] as const) {
  const given = [world, String(ROUNDS), String(CALLS)];
  const figures = caseOf<Figures>('manual/case.ts', given, { ROWTRACE_DATABASE_URL: '', ROWTRACE_ENDPOINT: '' });
  console.log(`\n${title}\n`);
  console.log(
    table(
      ['helper', 'µs a call', 'by hand', 'ratio, paired by round'],
      Object.entries(figures).map(([name, { helper, byHand }]) => [
        name,
        (median(helper) / 1000).toFixed(2),
        (median(byHand) / 1000).toFixed(2),
        spread(helper.map((nanos, round) => nanos / byHand[round]!)),
      ]),
    ),
  );
}
