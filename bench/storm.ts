// What does an error cost in a storm? CPU of the main thread per captured error, net of creating it and reading its stack:
// counted by the storm valve, written in full, and with @sentry/node (default integrations, a transport that does nothing).
// Each case in a process of its own, rounds interleaved.

import { caseOf, interleaved } from './rounds.ts';
import { median, spread, table } from './statistics.ts';

const short = process.argv.includes('--short');
const ROUNDS = short ? 1 : 3;
const CALLS = short ? 5_000 : 15_000;
const CASES = ['none:same', 'storm:same', 'storm:unique', 'full:same', 'sentry:same', 'sentry:unique'] as const;

interface Figures {
  hostMicros: number;
  bytes: number;
}

const results = await interleaved(ROUNDS, CASES, (name) => caseOf<Figures>('storm/case.ts', [name, String(CALLS)]));

const host = (name: string): number[] => results.get(name)!.map(({ hostMicros }) => hostMicros);
console.log(
  table(
    ['case', 'host thread µs/error', 'journal bytes/error'],
    CASES.map((name) => [
      name,
      spread(host(name)),
      (median(results.get(name)!.map(({ bytes }) => bytes)) / CALLS).toFixed(1),
    ]),
  ),
);
const net = (name: string): number => Math.max(0.01, median(host(name)) - median(host('none:same')));
const ratio = (one: string, other: string): string => (net(one) / net(other)).toFixed(2);
console.log(`\nthe same error, host thread, net:  in a storm / in full   ${ratio('storm:same', 'full:same')}`);
console.log(`                                   in a storm / Sentry    ${ratio('storm:same', 'sentry:same')}`);
console.log(`own messages, host thread, net:    in a storm / in full   ${ratio('storm:unique', 'full:same')}`);
console.log(`                                   in a storm / Sentry    ${ratio('storm:unique', 'sentry:unique')}`);
