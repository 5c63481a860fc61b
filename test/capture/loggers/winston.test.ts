// winston: the Error in every position, words and their template, fields as the formats leave them; the OTel transport.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as rest } from 'node:timers/promises';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { hookWinston, patchWinston } from '../../../src/capture/loggers/winston.ts';
import { bridgeOldLogsApi } from '../../../src/otel/lines.ts';
import { journaled } from '../../support/journaled.ts';
import { type Log, loggerBench, type Row } from './records.ts';

const load = createRequire(import.meta.url);
const winston = load('winston');
const { combine, errors, json, label, splat } = winston.format;
const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });
const bad = () => Object.assign(new TypeError('bad dog'), { code: 'E_DOG' });
const BAD = 'TypeError: bad dog';
const STACK = `${BAD}\n    at walk (/app/walk.js:1:1)`;
const masked = winston.format((info: { message: string; stack?: string; chip?: unknown }) => {
  info.message = info.message.replace(/chip \d+/, 'chip ***');
  if (info.chip) info.chip = '***';
  return info;
});

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
  [
    'a transport that is silent',
    { transports: [new winston.transports.Console({ silent: true })] },
    (log) => log.error('m'),
    undefined,
  ],
  [
    'a level that a silent transport alone would take',
    {
      transports: [
        new winston.transports.Console({ silent: true }),
        new winston.transports.Stream({ level: 'error', stream: nowhere() }),
      ],
    },
    (log) => log.warn('m'),
    undefined,
  ],
  [
    'a silent transport beside another',
    {
      transports: [
        new winston.transports.Console({ silent: true }),
        new winston.transports.Stream({ stream: nowhere() }),
      ],
    },
    (log) => log.warn('m'),
    ['WARNING', 'm', undefined, undefined, 'winston', {}],
  ],
  ['a level that no transport takes', { level: 'error' }, (log) => log.warn('m'), undefined],
  [
    'words that a format masks',
    { format: combine(masked(), json()) },
    (log) => log.error('dog with chip 4711 refused'),
    ['ERROR', 'dog with chip *** refused', undefined, undefined, 'winston', {}],
  ],
  [
    'words and fields that formats fill in, then mask',
    { format: combine(splat(), masked(), json()) },
    (log) => log.error('dog with chip %s refused', 4711, { chip: 4711 }),
    ['ERROR', 'dog with chip *** refused', undefined, undefined, 'winston', { chip: '***' }],
  ],
  [
    'words that formats colour, pad and mark',
    {
      format: combine(winston.format.colorize({ all: true, colors: { error: 'red' } }), winston.format.align(), json()),
    },
    (log) => log.error('dog %s', 'Rex'),
    ['ERROR', 'dog Rex', 'dog %s', undefined, 'winston', {}],
  ],
  [
    'an Error alone that a format masks',
    { format: combine(errors({ stack: true }), masked(), json()) },
    (log) => log.error(new TypeError('no chip 4711')),
    ['ERROR', 'no chip ***', undefined, 'TypeError: no chip ***', 'winston', {}],
  ],
  [
    'an Error that a format writes to',
    { format: combine(masked(), json()) },
    (log) => log.error(new TypeError('no chip 4711')),
    ['ERROR', 'no chip ***', undefined, 'TypeError: no chip ***', 'winston', {}],
  ],
  [
    'an Error beside words that a format masks',
    { format: combine(masked(), json()) },
    (log) => log.error('refused:', new TypeError('no chip 4711')),
    ['ERROR', 'refused:', undefined, 'TypeError: no chip ***', 'winston', {}],
  ],
  [
    'an Error of a child that a format masks',
    { format: combine(masked(), json()) },
    (log) => log.child({ a: 1 }).error(new TypeError('no chip 4711')),
    ['ERROR', 'no chip ***', undefined, 'TypeError: no chip ***', 'winston', { a: 1 }],
  ],
  [
    'a field that a format puts in place of an Error',
    {
      format: combine(
        winston.format((info: { err: Error }) => ({ ...info, err: { message: 'no chip ***' } }))(),
        json(),
      ),
    },
    (log) => log.error('m', { err: new TypeError('no chip 4711') }),
    ['ERROR', 'm', undefined, 'TypeError: no chip ***', 'winston', { err: { message: 'no chip ***' } }],
  ],
  [
    '{ err } alone',
    {},
    (log) => log.error({ err: bad(), n: 1 }),
    ['ERROR', 'bad dog', undefined, BAD, 'winston', { n: 1 }],
  ],
  [
    'an object alone, masked',
    {
      format: combine(
        winston.format((info: { message: { chip: unknown } }) => ({ ...info, message: { chip: '***' } }))(),
        json(),
      ),
    },
    (log) => log.error({ chip: 4711 }),
    ['ERROR', '{"chip":"***"}', undefined, undefined, 'winston', {}],
  ],
  [
    'an Error one level down',
    {},
    (log) => log.error('m', { meta: { error: bad() } }),
    ['ERROR', 'm', undefined, BAD, 'winston', { meta: { error: BAD } }],
  ],
  [
    "a thrown text of winston's own handlers",
    {},
    (log) =>
      log.log({
        level: 'error',
        exception: true,
        error: 'no food',
        message: 'uncaughtException: no food\n  No stack trace',
      }),
    ['ERROR', 'no food', undefined, 'string: no food', 'winston', {}],
  ],
  [
    'a thrown text of those, masked',
    { format: combine(masked(), json()) },
    (log) =>
      log.log({
        level: 'error',
        rejection: true,
        error: 'chip 4711',
        message: 'unhandledRejection: chip 4711\n  No stack trace',
      }),
    ['ERROR', 'chip ***', undefined, 'string: chip ***', 'winston', {}],
  ],
  [
    'nothing thrown',
    {},
    (log) =>
      log.log({
        level: 'error',
        rejection: true,
        error: undefined,
        message: 'unhandledRejection: (no error message)\n  No stack trace',
      }),
    ['ERROR', 'unhandledRejection: (no error message)', undefined, undefined, 'winston', {}],
  ],
  [
    'the texts of an Error',
    {},
    (log) => log.error(bad().message, { stack: STACK, tenant: 4 }),
    ['ERROR', 'bad dog', undefined, BAD, 'winston', { tenant: 4 }],
  ],
  [
    'the texts of an Error beside other words',
    {},
    (log) => log.error('walk failed', { error: bad().message, errorStack: STACK }),
    ['ERROR', 'walk failed', undefined, BAD, 'winston', { error: 'bad dog' }],
  ],
  [
    'the texts of an Error of a class that is not called so',
    {},
    (log) => log.error('m', { stack: 'DogRefused: no\n    at walk (/app/walk.js:1:1)' }),
    ['ERROR', 'm', undefined, 'DogRefused: no', 'winston', {}],
  ],
  [
    'a stack in place of the words',
    {},
    (log) => log.error(`it failed: ${STACK}`),
    ['ERROR', 'bad dog', undefined, BAD, 'winston', {}],
  ],
  [
    'a stack of nothing that failed',
    {},
    (log) => log.warn('m', { stack: 'Error\n    at walk (/app/walk.js:1:1)' }),
    ['WARNING', 'm', undefined, undefined, 'winston', { stack: 'Error\n    at walk (/app/walk.js:1:1)' }],
  ],
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

function slowLogger(write: (done: () => void) => void): Log {
  const transport = new (load('winston-transport'))({ log: (_info: unknown, done: () => void) => write(done) });
  return winston.createLogger({ format: combine(masked(), json()), transports: [transport] });
}

test('where transports are behind, a record waits for its formats and keeps its request and its time', async () => {
  const bench = loggerBench();
  patchWinston(winston);
  const unhook = hookWinston(bench.getLogger('winston'), 13);
  let written = 0;
  const log = slowLogger((done) => {
    written++;
    setTimeout(done, 1);
  });
  const span = bench.tracer.startSpan('GET /dogs', { kind: SpanKind.SERVER, attributes: { 'http.route': '/dogs' } });
  const from = Date.now();
  context.with(trace.setSpan(context.active(), span), () => {
    for (let nr = 1; nr <= 60; nr++) log.error(`chip ${nr}`, { chip: nr });
  });
  const to = Date.now();
  assert.ok(bench.logs().length < 60, 'some wait');
  while (written < 60) await rest(5);
  const rows = bench.logs();
  assert.equal(rows.length, 60);
  for (const row of rows)
    assert.deepEqual(
      [row.message, row.tags?.chip, row.route, row.t >= from && row.t <= to],
      ['chip ***', '***', '/dogs', true],
    );
  span.end();
  unhook();
});

test('where transports never catch up, an error is seen without what might have to be masked', async () => {
  const bench = loggerBench();
  patchWinston(winston);
  const unhook = hookWinston(bench.getLogger('winston'), 13);
  const log = slowLogger(() => {});
  for (let nr = 0; nr < 60; nr++) log.info('before');
  log.error('chip 4711', { chip: 4711 });
  log.error(new TypeError('chip 4711'));
  assert.deepEqual(bench.rows(), []);
  await rest(5_300);
  unhook();
  const words = 'winston holds this record back: its transports do not keep up';
  assert.deepEqual(bench.rows(), [
    ['ERROR', words, words, undefined, 'winston', {}],
    ['ERROR', words, undefined, 'TypeError: [held back]', 'winston', {}],
  ]);
  const [, row] = bench.logs();
  assert.match(row!.error!.stack!, /^TypeError: \[held back\]\n {4}at .*winston\.test\.ts/);
  assert.doesNotMatch(JSON.stringify(bench.facts), /4711/);
});

test('of records that winston holds back a bounded number waits, and none is lost when the process ends', async (t) => {
  const { rows, code } = await journaled(
    t,
    `import winston from 'winston';
    import Transport from 'winston-transport';
    const log = winston.createLogger({ transports: [new Transport({ log() {} })] });
    for (let nr = 0; nr < 60; nr++) log.info('before');
    for (let nr = 0; nr < 1_500; nr++) log.error('chip ' + nr);
    log.error(new TypeError('the last'));
    process.exit(3);`,
    { env: { ROWTRACE_STORM_ROWS: 'off' } },
  );
  assert.equal(code, 3);
  assert.equal(rows.length, 1_501);
  assert.ok(rows.every(({ message }) => !message.includes('chip')));
  assert.equal(rows.at(-1)!.error!.type, 'TypeError');
});

test('a record that makes no row, logged by a format, is not taken for the one around', () => {
  const bench = loggerBench();
  patchWinston(winston);
  const unhook = hookWinston(bench.getLogger('winston'), 13);
  const other: Log = winston.createLogger({ transports: [new winston.transports.Stream({ stream: nowhere() })] });
  const format = winston.format((info: object) => {
    other.info('in a format');
    return info;
  });
  run({ format: format() }, (log) => log.error('dog %s', bad()));
  unhook();
  assert.deepEqual(
    bench.rows().map(([level, words, , error]) => [level, words, error]),
    [['ERROR', 'dog bad dog', BAD]],
  );
});

test('an error is there although a transport ends the process with it', async (t) => {
  const { rows, code } = await journaled(
    t,
    `import winston from 'winston';
    import Transport from 'winston-transport';
    const log = winston.createLogger({ transports: [new Transport({ log: () => process.exit(4) })] });
    log.error(new TypeError('the last'));`,
  );
  assert.deepEqual([code, rows.map(({ error }) => error?.message)], [4, ['the last']]);
});

test('words that a format puts in front of an Error change nothing about the Error', () => {
  const bench = loggerBench();
  patchWinston(winston);
  const unhook = hookWinston(bench.getLogger('winston'), 13);
  const marked = winston.format((info: { message: string; stack?: string }) => {
    info.message = `shop: ${info.message}`;
    if (info.stack) info.stack = info.stack.replace('bad dog', 'shop: bad dog');
    return info;
  });
  const make = () => Object.assign(new TypeError('bad dog', { cause: new Error('no leash') }), { code: 'E_DOG' });
  for (const format of [json(), combine(marked(), json()), combine(errors({ stack: true }), marked(), json())])
    run({ format }, (log) => log.error(make()));
  unhook();
  const [plain, ...others] = bench.logs();
  for (const { error } of others) assert.deepEqual({ ...error, stack: '' }, { ...plain!.error, stack: '' });
  assert.deepEqual(
    others.map(({ message, error }) => [message, error?.code, error?.cause?.message, error?.stack?.split('\n')[0]]),
    [
      ['bad dog', 'E_DOG', 'no leash', BAD],
      ['bad dog', 'E_DOG', 'no leash', BAD],
    ],
  );
});

test('what formats and transports log while a child logs an Error are records of their own', () => {
  const bench = loggerBench();
  patchWinston(winston);
  const unhook = hookWinston(bench.getLogger('winston'), 13);
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
  const other: Log = winston.createLogger({ transports: [new winston.transports.Stream({ stream })] });
  const format = winston.format((info: object) => {
    other.warn('in a format');
    return info;
  });
  const Transport = load('winston-transport');
  const transport = new Transport({
    log(info: { message: string }, done: () => void) {
      other.child({ b: 2 }).error('cannot ship', new RangeError('queue full'));
      if (info.message !== 'again') log.warn('again');
      done();
    },
  });
  const log: Log = winston.createLogger({ format: format(), transports: [transport] }).child({ a: 1 });
  log.error(bad());
  unhook();
  const shipping: Row = ['ERROR', 'cannot ship', undefined, 'RangeError: queue full', 'winston', { b: 2 }];
  const inFormat: Row = ['WARNING', 'in a format', undefined, undefined, 'winston', {}];
  const expected: Row[] = [
    inFormat,
    shipping,
    inFormat,
    shipping,
    ['WARNING', 'again', undefined, undefined, 'winston', { a: 1 }],
    ['ERROR', 'bad dog', undefined, BAD, 'winston', { a: 1 }],
  ];
  const byText = (one: Row, other: Row) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1);
  assert.deepEqual(bench.rows().sort(byText), expected.sort(byText));
});

test('what formats mask is nowhere in the facts, breadcrumbs and stacks included', () => {
  const bench = loggerBench();
  patchWinston(winston);
  const unhook = hookWinston(bench.getLogger('winston'), 13);
  const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER });
  context.with(trace.setSpan(context.active(), span), () => {
    const options = { format: combine(errors({ stack: true }), masked(), json()) };
    run(options, (log) => log.info('looking for chip 4711'));
    run(options, (log) => log.error(new TypeError('no chip 4711')));
  });
  span.end();
  unhook();
  assert.doesNotMatch(JSON.stringify(bench.facts), /4711/);
  assert.deepEqual(
    bench.logs().map(({ crumbs }) => crumbs!.map(({ what }) => what)),
    [['looking for chip ***']],
  );
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
