// Nest's own logger: the Error in every position, its stack as a text, words and the context among the arguments; and what
// Nest prints stays as it is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConsoleLogger, type ConsoleLoggerOptions, Logger } from '@nestjs/common';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { hookConsole } from '../../../src/capture/loggers/console.ts';
import { hookNestLogger, patchNestLogger } from '../../../src/capture/loggers/nest.ts';
import { journaled } from '../../support/journaled.ts';
import { loggerBench, type Row } from './records.ts';

const BAD = 'TypeError: bad dog';
const bad = () => new TypeError('bad dog');
const STACK = bad().stack;
const secret = { redact: ['nickname'] };
let lazyCalls = 0;

//  title, options, call → level, message, template, error, module, tags
const CALLS: [string, ConsoleLoggerOptions, (log: ConsoleLogger) => void, Row | undefined][] = [
  ['words alone', {}, (log) => log.error('no dog'), ['ERROR', 'no dog', undefined, undefined, 'Kennel', {}]],
  ['words with a sign', {}, (log) => log.warn('100 %s'), ['WARNING', '100 %s', undefined, undefined, 'Kennel', {}]],
  ['an Error alone', {}, (log) => log.error(bad()), ['ERROR', 'bad dog', undefined, BAD, 'Kennel', {}]],
  ['an Error behind words', {}, (log) => log.error('oh', bad()), ['ERROR', 'oh', undefined, BAD, 'Kennel', {}]],
  ['an Error of a fatal', {}, (log) => log.fatal(bad(), 'Walks'), ['CRITICAL', 'bad dog', undefined, BAD, 'Walks', {}]],
  [
    'an Error in an object',
    {},
    (log) => log.warn({ err: bad(), n: 1 }),
    ['WARNING', 'bad dog', undefined, BAD, 'Kennel', { n: 1 }],
  ],
  ['a stack', {}, (log) => log.error('oh', STACK), ['ERROR', 'oh', undefined, BAD, 'Kennel', {}]],
  ['a stack and a context', {}, (log) => log.error('oh', STACK, 'Walks'), ['ERROR', 'oh', undefined, BAD, 'Walks', {}]],
  [
    'no stack and a context',
    {},
    (log) => log.error('oh', undefined, 'Walks'),
    ['ERROR', 'oh', undefined, undefined, 'Walks', {}],
  ],
  ['a context', {}, (log) => log.warn('oh', 'Walks'), ['WARNING', 'oh', undefined, undefined, 'Walks', {}]],
  [
    'fields',
    {},
    (log) => log.error('oh', { dog: 7 }, 'Walks'),
    ['ERROR', 'oh', undefined, undefined, 'Walks', { dog: 7 }],
  ],
  [
    'fields alone',
    {},
    (log) => log.error({ dog: 7 }),
    ['ERROR', '{ dog: 7 }', undefined, undefined, 'Kennel', { dog: 7 }],
  ],
  ['two messages', {}, (log) => log.warn('a', 'b', 'Walks'), ['WARNING', 'a b', undefined, undefined, 'Walks', {}]],
  [
    'words on demand',
    {},
    (log) => log.error(() => `call ${++lazyCalls}`),
    ['ERROR', 'call 1', undefined, undefined, 'Kennel', {}],
  ],
  ['a class', {}, (log) => log.error(Logger), ['ERROR', 'Logger', undefined, undefined, 'Kennel', {}]],
  [
    'redacted fields',
    secret,
    (log) => log.error('oh', { nickname: 'rex' }),
    ['ERROR', 'oh', undefined, undefined, 'Kennel', { nickname: '[REDACTED]' }],
  ],
  ['JSON', { json: true }, (log) => log.error('oh', STACK), ['ERROR', 'oh', undefined, BAD, 'Kennel', {}]],
  [
    'printed by console',
    { forceConsole: true },
    (log) => log.error('oh'),
    ['ERROR', 'oh', undefined, undefined, 'Kennel', {}],
  ],
  ['a level below', {}, (log) => log.log(bad()), undefined],
  ['a level that is off', { logLevels: ['fatal'] }, (log) => log.error(bad()), undefined],
];

test('each way to log makes its row, and what is printed stays the same', () => {
  const before = CALLS.map(([, options, call]) => printed(options, call));
  lazyCalls = 0;
  const bench = loggerBench();
  patchNestLogger({ ConsoleLogger });
  const undo = [hookNestLogger(bench.getLogger('nestjs-common'), 13), hookConsole(bench.getLogger('console'), 'all')];
  for (const [at, [title, options, call, expected]] of CALLS.entries()) {
    assert.deepEqual(printed(options, call), before[at], title);
    assert.deepEqual(bench.rows(), expected === undefined ? [] : [expected], title);
  }
  printed({}, () => new Logger('Walks').error(bad()));
  assert.deepEqual(bench.rows(), [['ERROR', 'bad dog', undefined, BAD, 'Walks', {}]], 'what a Logger writes to');
  const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER });
  context.with(trace.setSpan(context.active(), span), () =>
    printed({}, (log) => {
      log.log('a dog is looked for');
      log.error('no dog');
    }),
  );
  span.end();
  assert.deepEqual(
    bench
      .logs()
      .at(-1)!
      .crumbs?.map(({ what, level }) => [what, level]),
    [['a dog is looked for', 'INFO']],
  );
  bench.rows();
  assert.throws(() => printed({}, (log) => log.error(() => assert.fail('of the words'))), /of the words/);
  assert.equal(ConsoleLogger.prototype.error.name, 'error');
  for (const one of undo) one();
  printed({}, (log) => log.error(bad()));
  assert.deepEqual(bench.rows(), [], 'nothing once it is undone');
});

/** What one call prints, times and places aside. */
function printed(options: ConsoleLoggerOptions, call: (log: ConsoleLogger) => void): string {
  const writes = [process.stdout.write, process.stderr.write];
  let text = '';
  const take = (piece: unknown) => {
    text += piece;
    return true;
  };
  process.stdout.write = process.stderr.write = take as typeof process.stdout.write;
  try {
    call(new ConsoleLogger('Kennel', { colors: false, ...options }));
  } finally {
    [process.stdout.write, process.stderr.write] = writes as [typeof process.stdout.write, typeof process.stderr.write];
  }
  return text.replaceAll(/\d+\/\d+\/\d+, [\d:]+ [AP]M|"timestamp":\d+|(\n|\\n) +at .*?(?=\\n|"|\n|$)/g, '');
}

const APPLICATION = `import 'reflect-metadata';
  import { Controller, Get, Logger, Module } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  const logger = new Logger('Walks');
  class Dogs {
    thrown() { throw new Error('thrown'); }
    told() { try { throw new RangeError('told'); } catch (error) { logger.error('it failed', error.stack); throw error; } }
    given() { try { throw new RangeError('given'); } catch (error) { logger.error(error); throw error; } }
    kept() { try { throw new TypeError('kept'); } catch (error) { logger.warn('no walk', error); } return 'ok'; }
  }
  const names = ['thrown', 'told', 'given', 'kept'];
  Controller()(Dogs);
  for (const name of names) Get(name)(Dogs.prototype, name, Object.getOwnPropertyDescriptor(Dogs.prototype, name));
  class App {}
  Module({ controllers: [Dogs] })(App);
  const app = await NestFactory.create(App);
  await app.listen(0, '127.0.0.1');
  for (const name of names) await fetch('http://127.0.0.1:' + app.getHttpServer().address().port + '/' + name);
  await app.close();`;

test('what an application of Nest logs and throws is one row, with the name of its logger', async (t) => {
  const { rows, code, stderr } = await journaled(t, APPLICATION);
  assert.equal(code, 0, stderr);
  assert.deepEqual(
    rows.map(({ level, message, error, module, route }) => [level, message, error?.message, module, route]),
    [
      ['ERROR', 'thrown', 'thrown', 'ExceptionsHandler', '/thrown'],
      ['ERROR', 'it failed', 'told', 'Walks', '/told'],
      ['ERROR', 'given', 'given', 'Walks', '/given'],
      ['WARNING', 'no walk', 'kept', 'Walks', '/kept'],
    ],
  );
});

test('why an application of Nest does not start is a row, and its exit code stays', async (t) => {
  const program = `import 'reflect-metadata';
    import { Module } from '@nestjs/common';
    import { NestFactory } from '@nestjs/core';
    class App {}
    Module({ providers: [{ provide: 'DB', useFactory: () => { throw new Error('no database'); } }] })(App);
    await NestFactory.create(App);`;
  const { rows, code } = await journaled(t, program);
  const bare = await journaled(t, program, { bare: true });
  assert.deepEqual([code, rows.map(({ error }) => error?.message)], [bare.code, ['no database']]);
  assert.notEqual(code, 0);
});
