// Errors as a busy service makes them: 200 bugs, common ones more often, stacks of 2.2 KB, ids of requests and traces.
// Facts as the journal has them, and the rows that the rules make of them.

import type { LogFact, ResourceFact } from '../../src/record/fact.ts';
import { uuidv7 } from '../../src/util/uuid.ts';

const BUGS = 200;
const FUNCTIONS = 800;
const LIBRARY_FUNCTIONS = 12;

export const RESOURCE: ResourceFact = {
  k: 'resource',
  v: 1,
  process: uuidv7(),
  service: 'checkout',
  environment: 'production',
  release: '4.7.1',
  buildSha: 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3',
  host: 'web-7',
  pid: 4711,
  language: 'nodejs',
};

/** The same numbers in every run. */
let state = 7;
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}

const below = (limit: number): number => Math.floor(random() * limit);
const hex = (length: number): string => Array.from({ length }, () => below(16).toString(16)).join('');
const word = (): string => Array.from({ length: 6 + below(8) }, () => 'abcdefghijklmnopqrstuvwxyz'[below(26)]).join('');

const functions = Array.from(
  { length: FUNCTIONS },
  () => `    at ${word()}.${word()} (/srv/app/src/${word()}/${word()}-${word()}.js:${1 + below(900)}:${1 + below(80)})`,
);
const libraries = Array.from(
  { length: LIBRARY_FUNCTIONS },
  () => `    at async ${word()} (/srv/app/node_modules/${word()}/lib/${word()}.js:${1 + below(900)}:${1 + below(80)})`,
);

const bugs = Array.from({ length: BUGS }, (_, nr) => ({
  type: ['TypeError', 'RangeError', 'PaymentError', 'TimeoutError'][nr % 4]!,
  words: `${word()} ${word()} ${word()}`,
  frames: [
    ...Array.from({ length: 14 }, () => functions[below(FUNCTIONS)]!),
    ...libraries.slice(nr % 4, (nr % 4) + 8),
  ].join('\n'),
  route: `/${word()}/:id/${word()}`,
}));

export function errorFacts(count: number): LogFact[] {
  return Array.from({ length: count }, (_, at): LogFact => {
    const bug = bugs[Math.floor(BUGS * random() ** 2)]!;
    const message = `${bug.words} ${below(1e9)}`;
    return {
      k: 'log',
      id: uuidv7(),
      t: Date.now(),
      level: 'ERROR',
      message,
      error: { type: bug.type, message, stack: `${bug.type}: ${message}\n${bug.frames}` },
      route: bug.route,
      method: 'GET',
      status: 500,
      latency: below(3_000),
      requestId: hex(32),
      sessionId: hex(20),
      userId: hex(20),
      traceId: hex(32),
      spanId: hex(16),
      fn: bug.words.split(' ')[0]!,
      threadId: 0,
      tags: { dog_id: below(1e6), clinic: word(), attempt: at % 4 },
    };
  });
}
