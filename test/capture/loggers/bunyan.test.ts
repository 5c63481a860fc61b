// bunyan 1 and 2: the Error in every position, words and their template, bindings and serialised fields.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { hookBunyan, patchBunyan } from '../../../src/capture/loggers/bunyan.ts';
import { type Log, loggerBench, type Row } from './records.ts';

const load = createRequire(import.meta.url);
const bad = () => new TypeError('bad dog');
const BAD = 'TypeError: bad dog';
const STACK = `${BAD}\n    at walk (/app/walk.js:1:1)`;

//  title, options, call → level, message, template, error, module, tags
const CALLS: [string, object, (log: Log) => void, Row | undefined][] = [
  ['an Error alone', {}, (log) => log.error(bad()), ['ERROR', 'bad dog', undefined, BAD, 'kennel', {}]],
  [
    'the texts of an Error',
    {},
    (log) => log.error({ stack: STACK, n: 1 }, bad().message),
    ['ERROR', 'bad dog', undefined, BAD, 'kennel', { n: 1 }],
  ],
  [
    'an Error and words',
    {},
    (log) => log.error(bad(), 'dog %s', 'Rex'),
    ['ERROR', 'dog Rex', 'dog %s', BAD, 'kennel', {}],
  ],
  [
    'an Error under err',
    {},
    (log) => log.warn({ err: bad(), n: 1 }),
    ['WARNING', 'bad dog', undefined, BAD, 'kennel', { n: 1 }],
  ],
  ['an Error under error', {}, (log) => log.error({ error: bad() }, 'm'), ['ERROR', 'm', undefined, BAD, 'kennel', {}]],
  ['an Error as second argument', {}, (log) => log.error('m', bad()), ['ERROR', 'm', undefined, BAD, 'kennel', {}]],
  [
    'an Error for %s',
    {},
    (log) => log.error('no walk: %s', bad()),
    ['ERROR', 'no walk: bad dog', 'no walk: %s', BAD, 'kennel', {}],
  ],
  [
    'a serializer',
    { serializers: { dog: (dog: { name: string }) => dog.name } },
    (log) => log.error({ dog: { name: 'Rex' } }, 'm'),
    ['ERROR', 'm', undefined, undefined, 'kennel', { dog: 'Rex' }],
  ],
  [
    'a serializer for errors',
    { serializers: { err: () => 'hidden' } },
    (log) => log.error({ err: bad() }, 'm'),
    ['ERROR', 'm', undefined, 'TypeError: hidden', 'kennel', {}],
  ],
  [
    'a serializer that masks the message',
    {
      serializers: {
        err: ({ name, message, stack }: Error) => ({ name, message: message.replace('dog', '***'), stack }),
      },
    },
    (log) => log.error(bad()),
    ['ERROR', 'bad ***', undefined, 'TypeError: bad ***', 'kennel', {}],
  ],
  [
    'a child with a module',
    {},
    (log) => log.child({ module: 'food', a: { b: 1 } }).fatal('m'),
    ['CRITICAL', 'm', undefined, undefined, 'food', { a: { b: 1 }, name: 'kennel' }],
  ],
  [
    'a name in the call',
    {},
    (log) => log.error({ name: 'Rex' }, 'm'),
    ['ERROR', 'm', undefined, undefined, 'kennel', { name: 'Rex' }],
  ],
  ['a question for the level', {}, (log) => log.error(), undefined],
  ['a level below', {}, (log) => log.info(bad()), undefined],
];

for (const name of ['bunyan', 'bunyan1']) {
  test(`${name}: each way to log makes its row, and the line stays the same`, () => {
    const bench = loggerBench();
    const bunyan = load(name);
    const before = CALLS.map(([, options, call]) => run(bunyan, options, call));
    patchBunyan(bunyan);
    const unhook = hookBunyan(bench.getLogger('bunyan'), 13);
    for (const [at, [title, options, call, expected]] of CALLS.entries()) {
      assert.deepEqual(run(bunyan, options, call), before[at], title);
      assert.deepEqual(bench.rows(), expected === undefined ? [] : [expected], title);
    }
    assert.match(
      run(bunyan, { src: true }, (log) => log.error('m')).join(),
      /bunyan\.test\.ts/,
      'src is still the caller',
    );
    bench.rows();
    unhook();
    run(bunyan, {}, (log) => log.error(bad()));
    assert.deepEqual(bench.rows(), [], 'nothing once it is undone');
  });
}

function run(bunyan: { createLogger(options: object): Log }, options: object, call: (log: Log) => void): string[] {
  const lines: string[] = [];
  const streams = [{ stream: { write: (line: string) => void lines.push(line) } }];
  call(bunyan.createLogger({ name: 'kennel', streams, ...options }));
  return lines.map((line) => line.replaceAll(/"stack":"(\\.|[^"\\])*"|"time":"[^"]*"|\\n {4}at [^"]*/g, ''));
}
