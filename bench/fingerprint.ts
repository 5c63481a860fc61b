// How many events a second does one core fingerprint, and what does the stack parser cost beside others'? Over the labelled
// cases: the same events again and again (the common case, parsed lines are kept), and events whose every line number is
// new. Then parsing alone beside stacktrace-parser and Sentry's, rounds interleaved. Target: 20,000 a second.

import { createStackParser } from '@sentry/core';
import { nodeStackLineParser } from '@sentry/core/server';
import { parse } from 'stacktrace-parser';
import { fingerprint } from '../src/fingerprint.ts';
import { parseV8 } from '../src/record/fingerprint/parse-v8.ts';
import { readCases } from './grouping.ts';
import { median, spread, table } from './statistics.ts';

const short = process.argv.includes('--short');
const EVENTS = short ? 2_000 : 6_000;
const ROUNDS = short ? 3 : 9;
const TARGET = 20_000;

const cases = readCases(new URL('../test/fixtures/grouping-cases.json', import.meta.url)).map(
  ({ type, message, stack }) => ({ type, message, stack: stack ?? undefined, service: 'bench' }),
);
const repeated = Array.from({ length: EVENTS }, (_, i) => cases[i % cases.length]!);
let line = 0;
/** Every round gets lines of its own, so that none is known from the round before. */
const renewed = (events: typeof cases) =>
  events.map((event) => ({
    ...event,
    message: `${event.message} ${line++}`,
    stack: event.stack?.replace(/:\d+:(\d+)/g, (_, column) => `:${line++ % 9_999_999}:${column}`),
  }));
const stacks = repeated.flatMap(({ stack }) => (stack === undefined ? [] : [stack]));
const renewedStacks = () => renewed(repeated).flatMap(({ stack }) => (stack === undefined ? [] : [stack]));

const sentry = createStackParser(nodeStackLineParser());
const PARSERS: Record<string, (stack: string) => unknown> = {
  rowtrace: (stack) => parseV8(stack, ''),
  sentry: (stack) => sentry(stack),
  'stacktrace-parser': parse,
};

function perSecond<T>(inputs: readonly T[], work: (input: T) => unknown): number {
  const start = performance.now();
  for (const input of inputs) work(input);
  return (inputs.length / (performance.now() - start)) * 1_000;
}

const figures = new Map<string, number[]>();
const note = (name: string, value: number) => figures.set(name, [...(figures.get(name) ?? []), value]);
for (let round = 0; round < ROUNDS; round++) {
  note('events, repeated', perSecond(repeated, fingerprint));
  note('events, every line new', perSecond(renewed(repeated), fingerprint));
  const fresh = renewedStacks();
  for (const [name, parseOne] of Object.entries(PARSERS)) {
    note(`stacks, repeated: ${name}`, perSecond(stacks, parseOne));
    note(`stacks, every line new: ${name}`, perSecond(fresh, parseOne));
  }
}

console.log(
  table(
    ['case', 'a second and core', 'x target'],
    [...figures].map(([name, values]) => [
      name,
      spread(values, 0),
      name.startsWith('events') ? (median(values) / TARGET).toFixed(1) : '',
    ]),
  ),
);
/** Paired by round, since the machine does other things too. */
const ratio = (kind: string, other: string): string => {
  const [own, theirs] = [figures.get(`${kind}: rowtrace`)!, figures.get(`${kind}: ${other}`)!];
  return spread(
    own.map((value, round) => value / theirs[round]!),
    2,
  );
};
for (const kind of ['stacks, repeated', 'stacks, every line new'])
  for (const other of ['sentry', 'stacktrace-parser'])
    console.log(`${kind}: Rowtrace / ${other}  ${ratio(kind, other)}`);
