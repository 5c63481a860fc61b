// log4js: the Error in every position, words, category and context, levels of the application's own; in the file it writes,
// the place of the call stays the caller's.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import log4js, { type Logger } from 'log4js';
import { hookLog4js, patchLog4js } from '../../../src/capture/loggers/log4js.ts';
import { folderFor } from '../../support/folder.ts';
import { journaled } from '../../support/journaled.ts';
import { loggerBench, type Row } from './records.ts';

const BAD = 'TypeError: bad dog';
const STACK = `${BAD}\n    at walk (/app/walk.js:1:1)`;
const bad = () => new TypeError('bad dog');

function withContext(log: Logger): void {
  log.addContext('dog', 7);
  log.error('oh');
}

//  title, call → level, message, template, error, module, tags
const CALLS: [string, (log: Logger) => void, Row | undefined][] = [
  ['words alone', (log) => log.error('no dog'), ['ERROR', 'no dog', undefined, undefined, 'kennel', {}]],
  [
    'words with arguments',
    (log) => log.warn('dog %s', 'Rex'),
    ['WARNING', 'dog Rex', 'dog %s', undefined, 'kennel', {}],
  ],
  ['an Error alone', (log) => log.error(bad()), ['ERROR', 'bad dog', undefined, BAD, 'kennel', {}]],
  ['an Error behind words', (log) => log.error('oh', bad()), ['ERROR', 'oh', undefined, BAD, 'kennel', {}]],
  ['a stack behind words', (log) => log.error('oh', STACK), ['ERROR', 'oh', undefined, BAD, 'kennel', {}]],
  ['an Error of a fatal', (log) => log.fatal(bad()), ['CRITICAL', 'bad dog', undefined, BAD, 'kennel', {}]],
  ['a level by its name', (log) => log.log('error', bad()), ['ERROR', 'bad dog', undefined, BAD, 'kennel', {}]],
  ['a level of its own', (log) => log.log('alarm', 'oh'), ['ERROR', 'oh', undefined, undefined, 'kennel', {}]],
  ['a context', withContext, ['ERROR', 'oh', undefined, undefined, 'kennel', { dog: 7 }]],
  ['a mark', (log) => log.mark(bad()), undefined],
  ['a level below', (log) => log.info(bad()), undefined],
];

test('each way to log makes its row, and the line stays the same', async (t) => {
  const file = join(folderFor(t), 'log');
  const configure = () =>
    log4js.configure({
      levels: { ALARM: { value: 45_000, colour: 'red' } },
      appenders: {
        file: { type: 'file', filename: file, layout: { type: 'pattern', pattern: '%p %c %X{dog} %f{1} %M %m' } },
      },
      categories: { default: { appenders: ['file'], level: 'info', enableCallStack: true } },
    });
  const written = async () => {
    await new Promise<void>((done) => log4js.shutdown(() => done()));
    const text = readFileSync(file, 'utf8').replaceAll(/\n +at .*/g, '');
    return text;
  };
  configure();
  for (const [, call] of CALLS) call(log4js.getLogger('kennel'));
  const before = await written();
  assert.match(before, /ERROR kennel null log4js\.test\.ts/);

  const bench = loggerBench();
  patchLog4js();
  const undo = hookLog4js(bench.getLogger('log4js'), 13);
  configure();
  for (const [title, call, expected] of CALLS) {
    call(log4js.getLogger('kennel'));
    assert.deepEqual(bench.rows(), expected === undefined ? [] : [expected], title);
  }
  assert.equal(await written(), before + before);
  undo();
  configure();
  log4js.getLogger('kennel').error(bad());
  assert.deepEqual(bench.rows(), [], 'nothing once it is undone');
  await written();
});

const USE = `const log = log4js.getLogger(); log.level = 'info'; log.error('oh', new RangeError('one'));`;

for (const [file, program] of [
  ['app.cjs', `const log4js = require('log4js'); ${USE}`],
  ['app.mjs', `import log4js from 'log4js'; ${USE}`],
] as const)
  test(`an application's records of log4js are rows: ${file}`, async (t) => {
    const env = { ROWTRACE_CONSOLE: 'all' };
    const { rows, stderr } = await journaled(t, program, { file, env });
    assert.deepEqual(
      rows.map(({ level, message, error, module }) => [level, message, error?.message, module]),
      [['ERROR', 'oh', 'one', 'log4js']],
      stderr,
    );
  });
