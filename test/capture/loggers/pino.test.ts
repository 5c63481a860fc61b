// pino: where its records are taken, and where the Error is found. Versions: before the channel (8, 9.9) and after (10).

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { onLoad } from '../../../src/capture/loggers/on-load.ts';
import { hookPino, patchPino, patchQuickFormat } from '../../../src/capture/loggers/pino.ts';
import { type Log, loggerBench, type Row } from './records.ts';

onLoad({ 'quick-format-unescaped': patchQuickFormat });
const load = createRequire(import.meta.url);
const bad = () => new TypeError('bad dog');
const BAD = 'TypeError: bad dog';

const onPaper = (pino: (options: object, stream: object) => Log, options: object) => {
  const lines: string[] = [];
  return {
    log: pino(
      { base: options && 'name' in options ? {} : null, ...options },
      { write: (line: string) => void lines.push(line) },
    ),
    lines,
  };
};

//  title, options, call → level, message, template, error, module, tags
const CALLS: [string, object, (log: Log) => void, Row | undefined][] = [
  ['an Error alone', {}, (log) => log.error(bad()), ['ERROR', 'bad dog', undefined, BAD, 'pino', {}]],
  [
    'an Error under a key of the logger',
    { errorKey: 'failure' },
    (log) => log.error(bad()),
    ['ERROR', 'bad dog', undefined, BAD, 'pino', {}],
  ],
  [
    'err beside other fields',
    {},
    (log) => log.error({ err: bad(), n: 1 }, 'm'),
    ['ERROR', 'm', undefined, BAD, 'pino', { n: 1 }],
  ],
  ['error without words', {}, (log) => log.warn({ error: bad() }), ['WARNING', 'bad dog', undefined, BAD, 'pino', {}]],
  ['an Error as last argument', {}, (log) => log.error('m', bad()), ['ERROR', 'm', undefined, BAD, 'pino', {}]],
  [
    'another message key',
    { messageKey: 'message' },
    (log) => log.error({ a: { b: 1 } }, 'm'),
    ['ERROR', 'm', undefined, undefined, 'pino', { a: { b: 1 } }],
  ],
  [
    'redacted fields',
    { redact: ['chip.code'] },
    (log) => log.error({ chip: { code: 'x1' } }, 'm'),
    ['ERROR', 'm', undefined, undefined, 'pino', { chip: { code: '[Redacted]' } }],
  ],
  [
    'a serializer',
    { serializers: { dog: (dog: { name: string }) => dog.name } },
    (log) => log.error({ dog: { name: 'Rex' } }, 'm'),
    ['ERROR', 'm', undefined, undefined, 'pino', { dog: 'Rex' }],
  ],
  [
    'a name of the logger and a name in the call',
    { name: 'kennel' },
    (log) => log.error({ name: 'Rex' }, 'm'),
    ['ERROR', 'm', undefined, undefined, 'kennel', { name: 'Rex' }],
  ],
  [
    'a child with a module',
    {},
    (log) => log.child({ module: 'food' }).fatal('m'),
    ['CRITICAL', 'm', undefined, undefined, 'food', {}],
  ],
  ['a level below', {}, (log) => log.info(bad()), undefined],
];

// The channel first: once a pino is wrapped, the channel is no longer listened to.
for (const [name, wrap] of [
  ['pino', false],
  ['pino', true],
  ['pino9', true],
  ['pino8', true],
] as const) {
  test(`${name} ${wrap ? 'wrapped' : 'by its channel'}: each way to log makes its row, and the line stays the same`, () => {
    const bench = loggerBench();
    const pino = load(name);
    const before = CALLS.map(([, options, call]) => run(pino, options, call));
    if (wrap) patchPino(pino);
    const unhook = hookPino(bench.getLogger('pino'), 13);
    for (const [at, [title, options, call, expected]] of CALLS.entries()) {
      assert.deepEqual(run(pino, options, call), before[at], title);
      assert.deepEqual(bench.rows(), expected === undefined ? [] : [expected], title);
    }
    unhook();
    run(pino, {}, (log) => log.error(bad()));
    assert.deepEqual(bench.rows(), [], 'nothing once it is undone');
  });
}

function run(pino: (options: object, stream: object) => Log, options: object, call: (log: Log) => void): string[] {
  const { log, lines } = onPaper(pino, { timestamp: false, ...options });
  call(log);
  return lines.map((line) => line.replaceAll(/"stack":"(\\.|[^"\\])*"/g, ''));
}
