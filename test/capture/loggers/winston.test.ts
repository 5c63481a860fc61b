// winston: the Error in every position, words and their template, fields as the formats leave them; the OTel transport.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { hookWinston, patchWinston } from '../../../src/capture/loggers/winston.ts';
import { bridgeOldLogsApi } from '../../../src/otel/lines.ts';
import { type Log, loggerBench, type Row } from './records.ts';

const load = createRequire(import.meta.url);
const winston = load('winston');
const { combine, errors, json, label, splat } = winston.format;
const bad = () => Object.assign(new TypeError('bad dog'), { code: 'E_DOG' });
const BAD = 'TypeError: bad dog';

//  title, options, call → level, message, template, error, module, tags
const CALLS: [string, object, (log: Log) => void, Row | undefined][] = [
  ['an Error alone', {}, (log) => log.error(bad()), ['ERROR', 'bad dog', undefined, BAD, 'winston', {}]],
  [
    'an Error alone, with meta',
    { defaultMeta: { service: 'kennel', zone: 2 } },
    (log) => log.error(bad()),
    ['ERROR', 'bad dog', undefined, BAD, 'kennel', { zone: 2 }],
  ],
  [
    'format.errors',
    { format: combine(errors({ stack: true }), json()) },
    (log) => log.error(bad()),
    ['ERROR', 'bad dog', undefined, BAD, 'winston', {}],
  ],
  ['an Error as second argument', {}, (log) => log.error('m', bad()), ['ERROR', 'm', undefined, BAD, 'winston', {}]],
  ['log(level, Error)', {}, (log) => log.log('warn', bad()), ['WARNING', 'bad dog', undefined, BAD, 'winston', {}]],
  [
    'log({ message: Error })',
    {},
    (log) => log.log({ level: 'error', message: bad() }),
    ['ERROR', 'bad dog', undefined, BAD, 'winston', {}],
  ],
  ['{ err }', {}, (log) => log.error('m', { err: bad(), n: 1 }), ['ERROR', 'm', undefined, BAD, 'winston', { n: 1 }]],
  [
    '{ message, error }',
    {},
    (log) => log.error({ message: 'm', error: bad() }),
    ['ERROR', 'm', undefined, BAD, 'winston', {}],
  ],
  [
    'a child with an Error',
    {},
    (log) => log.child({ module: 'food', a: { b: 1 } }).error(bad()),
    ['ERROR', 'bad dog', undefined, BAD, 'food', { a: { b: 1 } }],
  ],
  [
    'a child of a child',
    {},
    (log) => log.child({ a: 1 }).child({ b: 2 }).error('m', bad()),
    ['ERROR', 'm', undefined, BAD, 'winston', { a: 1, b: 2 }],
  ],
  [
    'splat with fields and an Error',
    { format: combine(splat(), json()) },
    (log) => log.error('dog %s', 'Rex', { n: 1, err: bad() }),
    ['ERROR', 'dog Rex', 'dog %s', BAD, 'winston', { n: 1 }],
  ],
  [
    'an Error for %s',
    { format: combine(splat(), json()) },
    (log) => log.error('no walk: %s', bad()),
    ['ERROR', 'no walk: bad dog', 'no walk: %s', BAD, 'winston', {}],
  ],
  [
    'a label',
    { format: combine(label({ label: 'walks' }), json()) },
    (log) => log.warn('m'),
    ['WARNING', 'm', undefined, undefined, 'walks', {}],
  ],
  [
    'syslog levels',
    { levels: winston.config.syslog.levels },
    (log) => log.emerg('m'),
    ['CRITICAL', 'm', undefined, undefined, 'winston', {}],
  ],
  ['a format that filters', { format: winston.format(() => false)() }, (log) => log.error('m'), undefined],
  ['a silent logger', { silent: true }, (log) => log.error('m'), undefined],
  ['a level that no transport takes', { level: 'error' }, (log) => log.warn('m'), undefined],
  ['a level below', {}, (log) => log.info('m', bad()), undefined],
];

test('the OTel transport alone reaches us over the bridge; with our hook its records are left out', async (t) => {
  const bench = loggerBench();
  t.after(bridgeOldLogsApi(bench.loggers as never));
  const { OpenTelemetryTransportV3 } = load('@opentelemetry/winston-transport');
  const log = winston.createLogger({ transports: [new OpenTelemetryTransportV3()] });
  log.error('m', { err: bad() });
  assert.deepEqual(
    bench.rows().map(([level, message]) => [level, message]),
    [['ERROR', 'm']],
  );
  patchWinston(winston);
  const unhook = hookWinston(bench.getLogger('winston'), 13);
  log.error('m', { err: bad() });
  assert.deepEqual(bench.rows(), [['ERROR', 'm', undefined, BAD, 'winston', {}]]);
  unhook();
  log.error('m');
  assert.equal(bench.rows().length, 1, 'once our hook is gone, the transport is heard again');
});

test('each way to log makes its row, and what is printed stays the same', () => {
  const bench = loggerBench();
  const before = CALLS.map(([, options, call]) => run(options, call));
  patchWinston(winston);
  const unhook = hookWinston(bench.getLogger('winston'), 13);
  for (const [at, [title, options, call, expected]] of CALLS.entries()) {
    assert.deepEqual(run(options, call), before[at], title);
    assert.deepEqual(bench.rows(), expected === undefined ? [] : [expected], title);
  }
  unhook();
  run({}, (log) => log.error('m'));
  assert.deepEqual(bench.rows(), [], 'nothing once it is undone');
});

test('fields that throw when read do not reach the application', () => {
  const bench = loggerBench();
  patchWinston(winston);
  const unhook = hookWinston(bench.getLogger('winston'), 13);
  const trap = Object.defineProperty({}, 'err', {
    get: () => {
      throw new Error('a getter');
    },
  });
  run({}, (log) => log.error('m', trap));
  unhook();
  assert.equal(bench.rows().length, 1);
});

test('a level of the logger, called like a property of every object, is none of the usual ones', () => {
  const bench = loggerBench();
  patchWinston(winston);
  const unhook = hookWinston(bench.getLogger('winston'), 13);
  run({ level: 'valueOf', levels: { error: 0, valueOf: 1 } }, (log) => log.log('valueOf', 'm'));
  unhook();
  assert.deepEqual(bench.rows(), [], 'INFO');
});

function run(options: object, call: (log: Log) => void): string[] {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  call(winston.createLogger({ transports: [new winston.transports.Stream({ stream })], ...options }));
  return lines.map((line) => line.replaceAll(/"stack":"(\\.|[^"\\])*"|\\n {4}at [^"]*/g, ''));
}
