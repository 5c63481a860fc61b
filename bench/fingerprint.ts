// How many events a second does one core fingerprint? Over the labelled cases: the same events again and again (the common
// case, parsed lines are kept), and events whose every line number is new. Target: 20,000. Prints both and their ratio.

import { fingerprint } from '../src/fingerprint.ts';
import { readCases } from './grouping.ts';

const EVENTS = 6_000;
const cases = readCases(new URL('../test/fixtures/grouping-cases.json', import.meta.url)).map(
  ({ type, message, stack }) => ({
    type,
    message,
    stack: stack ?? undefined,
    service: 'bench',
  }),
);
const repeated = Array.from({ length: EVENTS }, (_, i) => cases[i % cases.length]!);
let line = 0;
const fresh = repeated.map((event) => ({
  ...event,
  message: `${event.message} ${line++}`,
  stack: event.stack?.replace(/:\d+:(\d+)/g, (_, column) => `:${line++ % 99_999}:${column}`),
}));

/** The best of several rounds, since the machine does other things too. */
function perSecond(events: readonly (typeof cases)[number][]): number {
  let best = 0;
  for (let round = 0; round < 8; round++) {
    const start = performance.now();
    for (const event of events) fingerprint(event);
    best = Math.max(best, (events.length / (performance.now() - start)) * 1_000);
  }
  return Math.round(best);
}

const [same, other] = [perSecond(repeated), perSecond(fresh)];
console.log(`repeated events   ${same} a second   ${(same / 20_000).toFixed(1)} x target`);
console.log(
  `every line fresh  ${other} a second   ${(other / 20_000).toFixed(1)} x target   ${(other / same).toFixed(2)} x repeated`,
);
