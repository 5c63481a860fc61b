// consola: the Error in every position, words, tag and type; what its reporters are told stays as it is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConsolaInstance, type ConsolaOptions, consola, createConsola } from 'consola';
import { hookConsola, patchConsola } from '../../../src/capture/loggers/consola.ts';
import { journaled } from '../../support/journaled.ts';
import { loggerBench, type Row } from './records.ts';

const BAD = 'TypeError: bad dog';
const STACK = `${BAD}\n    at walk (/app/walk.js:1:1)`;
const bad = () => new TypeError('bad dog');

//  title, call → level, message, template, error, module, tags
const CALLS: [string, (log: ConsolaInstance) => void, Row | undefined][] = [
  ['words alone', (log) => log.error('no dog'), ['ERROR', 'no dog', undefined, undefined, 'consola', {}]],
  [
    'words with arguments',
    (log) => log.warn('dog %s', 'Rex'),
    ['WARNING', 'dog Rex', 'dog %s', undefined, 'consola', {}],
  ],
  ['an Error alone', (log) => log.error(bad()), ['ERROR', 'bad dog', undefined, BAD, 'consola', {}]],
  ['an Error behind words', (log) => log.error('oh', bad()), ['ERROR', 'oh', undefined, BAD, 'consola', {}]],
  ['a stack behind words', (log) => log.error('oh', STACK), ['ERROR', 'oh', undefined, BAD, 'consola', {}]],
  ['an Error of a fatal', (log) => log.fatal(bad()), ['CRITICAL', 'bad dog', undefined, BAD, 'consola', {}]],
  ['a tag', (log) => log.withTag('walks').error(bad()), ['ERROR', 'bad dog', undefined, BAD, 'walks', {}]],
  [
    'an object of its own',
    (log) => log.error({ message: 'oh', additional: 'more' }),
    ['ERROR', 'oh \nmore', undefined, undefined, 'consola', {}],
  ],
  ['a level below', (log) => log.info(bad()), undefined],
  ['a level that is off', (log) => log.debug(bad()), undefined],
];

test('each way to log makes its row, and what reporters are told stays the same', () => {
  const before = CALLS.map(([, call]) => told(call));
  const bench = loggerBench();
  patchConsola(consola);
  const undo = hookConsola(bench.getLogger('consola'), 13);
  for (const [at, [title, call, expected]] of CALLS.entries()) {
    assert.deepEqual(told(call), before[at], title);
    assert.deepEqual(bench.rows(), expected === undefined ? [] : [expected], title);
  }
  undo();
  told((log) => log.error(bad()));
  assert.deepEqual(bench.rows(), [], 'nothing once it is undone');
});

/** What a reporter gets, without the time. */
function told(call: (log: ConsolaInstance) => void): unknown[] {
  const records: unknown[] = [];
  const reporter = { log: ({ date, ...record }: { date: Date }) => void records.push(record) };
  call(createConsola({ level: 3, reporters: [reporter] } as Partial<ConsolaOptions>));
  return records;
}

for (const [file, program] of [
  ['app.cjs', `const { consola } = require('consola'); consola.error('oh', new RangeError('one'));`],
  ['app.mjs', `import { consola } from 'consola'; consola.error('oh', new RangeError('one'));`],
] as const)
  test(`an application's records of consola are rows: ${file}`, async (t) => {
    const { rows, stderr } = await journaled(t, program, { file, env: { ROWTRACE_CONSOLE: 'all' } });
    assert.deepEqual(
      rows.map(({ level, message, error, module }) => [level, message, error?.message, module]),
      [['ERROR', 'oh', 'one', 'consola']],
      stderr,
    );
  });
