// console: words, template and Error of console.error and console.warn; the OTel logs API.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hookConsole } from '../../../src/capture/loggers/console.ts';
import { loggerBench, type Row } from './records.ts';

const bad = () => new TypeError('bad dog');
const BAD = 'TypeError: bad dog';

const CALLS: [unknown[], Row][] = [
  [[bad()], ['ERROR', 'bad dog', undefined, BAD, 'console', {}]],
  [
    ['it failed:', bad()],
    ['ERROR', 'it failed:', undefined, BAD, 'console', {}],
  ],
  [
    ['dog %s failed', 'Rex', bad()],
    ['ERROR', 'dog Rex failed', 'dog %s failed', BAD, 'console', {}],
  ],
  [
    ['failed: %s', bad()],
    ['ERROR', 'failed: bad dog', 'failed: %s', BAD, 'console', {}],
  ],
  [
    ['⨯', bad()],
    ['ERROR', 'bad dog', undefined, BAD, 'console', {}],
  ],
  [
    ['100%% sure', 1],
    ['ERROR', '100% sure 1', undefined, undefined, 'console', {}],
  ],
  [[], ['ERROR', '', undefined, undefined, 'console', {}]],
  [[Object.assign(bad(), { status: 404 })], ['ERROR', 'bad dog', undefined, BAD, 'console', {}]],
];

test('console.error makes a row with words, template and Error, and prints what it printed', () => {
  const bench = loggerBench();
  const original = console.error;
  const printed: unknown[][] = [];
  console.error = (...values: unknown[]) => void printed.push(values);
  const unhook = hookConsole(bench.getLogger('console'), 'all');
  try {
    for (const [values] of CALLS) console.error(...values);
  } finally {
    unhook();
    console.error = original;
  }
  assert.deepEqual(
    printed,
    CALLS.map(([values]) => values),
  );
  assert.deepEqual(
    bench.rows(),
    CALLS.map(([, row]) => row),
  );
});

test('a record of the OTel logs API: severity, body, exception, scope and attributes', () => {
  const bench = loggerBench();
  const logger = bench.loggers.getLogger('kennel');
  logger.emit({ severityNumber: 17, body: 'm', exception: bad(), attributes: { a: { b: 1 }, 'log.template': 't %s' } });
  logger.emit({ severityNumber: 9, body: 'below' });
  logger.emit({ severityText: 'warn', body: { dog: 'Rex' } });
  assert.deepEqual(bench.rows(), [
    ['ERROR', 'm', 't %s', BAD, 'kennel', { a: { b: 1 } }],
    ['WARNING', '{"dog":"Rex"}', undefined, undefined, 'kennel', {}],
  ]);
});
