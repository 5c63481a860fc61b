// pino: where its records are taken, and where the Error is found. Versions: before the channel (8, 9.9) and after (10).

import assert from 'node:assert/strict';
import { tracingChannel } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';
import { sep } from 'node:path';
import { test } from 'node:test';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { onLoad } from '../../../src/capture/loggers/on-load.ts';
import { hookPino, patchPino } from '../../../src/capture/loggers/pino.ts';
import { patchQuickFormat } from '../../../src/capture/loggers/pino-format.ts';
import { type Log, loggerBench, type Row } from './records.ts';

onLoad({ 'quick-format-unescaped': patchQuickFormat });
const load = createRequire(import.meta.url);
const bad = () => new TypeError('bad dog');
const BAD = 'TypeError: bad dog';
const STACK = `${BAD}\n    at walk (/app/walk.js:1:1)`;

const MASKING = {
  serializers: { err: ({ name, message }: Error) => ({ type: name, message: message.replace('dog', '***') }) },
};

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
    'the texts of an Error',
    {},
    (log) => log.error({ stack: STACK, n: 1 }, bad().message),
    ['ERROR', 'bad dog', undefined, BAD, 'pino', { n: 1 }],
  ],
  ['a stack in place of the words', {}, (log) => log.error(STACK), ['ERROR', 'bad dog', undefined, BAD, 'pino', {}]],
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
  [
    'a redacted message of an Error',
    { redact: ['err.message'] },
    (log) => log.error({ err: bad() }, 'm'),
    ['ERROR', 'm', undefined, 'TypeError: [Redacted]', 'pino', {}],
  ],
  [
    'a redacted message of an Error that no serializer shows',
    { redact: ['error.message'] },
    (log) => log.error({ error: bad() }, 'm'),
    ['ERROR', 'm', undefined, 'TypeError: [Redacted]', 'pino', {}],
  ],
  [
    'the same, redacted wherever it is',
    { redact: ['*.message'] },
    (log) => log.error({ error: bad() }, 'm'),
    ['ERROR', 'm', undefined, 'TypeError: [Redacted]', 'pino', {}],
  ],
  [
    'the same, removed',
    { redact: { paths: ['error.message'], remove: true } },
    (log) => log.error({ error: bad() }, 'm'),
    ['ERROR', 'm', undefined, 'TypeError: [Redacted]', 'pino', {}],
  ],
  [
    'another field of it redacted',
    { redact: ['error.pin'] },
    (log) => log.error({ error: Object.assign(bad(), { pin: 1 }) }, 'm'),
    ['ERROR', 'm', undefined, BAD, 'pino', {}],
  ],
  [
    'a redacted Error',
    { redact: ['err'] },
    (log) => log.error({ err: bad() }, 'm'),
    ['ERROR', 'm', undefined, 'TypeError: [Redacted]', 'pino', {}],
  ],
  [
    'a redacted Error that is removed',
    { redact: { paths: ['err'], remove: true } },
    (log) => log.error({ err: bad() }, 'm'),
    ['ERROR', 'm', undefined, 'TypeError: [Redacted]', 'pino', {}],
  ],
  [
    'the same under a key of the logger',
    { errorKey: 'failure', redact: { paths: ['failure'], remove: true } },
    (log) => log.error(bad(), 'm'),
    ['ERROR', 'm', undefined, 'TypeError: [Redacted]', 'pino', {}],
  ],
  [
    'a serializer for errors that masks, under a key of its own, nested',
    { ...MASKING, errorKey: 'failure', nestedKey: 'payload' },
    (log) => log.error({ failure: bad(), n: 1 }),
    ['ERROR', 'bad ***', undefined, 'TypeError: bad ***', 'pino', { payload: { n: 1 } }],
  ],
  [
    'redacted words',
    { redact: ['msg'] },
    (log) => log.error({ n: 1 }, 'dog %s', 'Rex'),
    ['ERROR', '[Redacted]', undefined, undefined, 'pino', { n: 1 }],
  ],
  [
    'words redacted with everything',
    { redact: ['*'] },
    (log) => log.error('dog %s', 'Rex'),
    ['ERROR', '[Redacted]', undefined, undefined, 'pino', {}],
  ],
  [
    'an Error with causes as pino shows it',
    { redact: ['chip'] },
    (log) => log.error(new TypeError('bad dog', { cause: new Error('no leash') })),
    ['ERROR', 'bad dog', undefined, BAD, 'pino', {}],
  ],
  [
    'a key of the logger beside a mixin',
    { errorKey: 'failure', mixin: () => ({ app: 'x' }) },
    (log) => log.error(bad()),
    ['ERROR', 'bad dog', undefined, BAD, 'pino', { app: 'x' }],
  ],
  [
    'a key of the logger beside a further field',
    { errorKey: 'failure' },
    (log) => log.error({ failure: bad(), n: 1 }, 'm'),
    ['ERROR', 'm', undefined, BAD, 'pino', { n: 1 }],
  ],
  [
    'a text in place of an Error, without words',
    {},
    (log) => log.error({ req: 1, err: 'card declined' }),
    ['ERROR', 'card declined', undefined, 'string: card declined', 'pino', { req: 1 }],
  ],
  [
    'a text in place of an Error, with words',
    {},
    (log) => log.error({ err: 'card declined' }, 'm'),
    ['ERROR', 'm', undefined, undefined, 'pino', { err: 'card declined' }],
  ],
  ['a level below', {}, (log) => log.info(bad()), undefined],
];

// The channel first: once a pino is wrapped, it stays wrapped.
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

test('a redacted message of a cause is nowhere in the row, though no serializer shows it', () => {
  for (const name of ['pino', 'pino8']) {
    const bench = loggerBench();
    patchPino(load(name));
    const unhook = hookPino(bench.getLogger('pino'), 13);
    const inner = new Error('no leash');
    const error = new TypeError('bad dog', { cause: inner });
    // As Sequelize keeps what the driver threw.
    const other = Object.assign(new TypeError('bad dog'), { parent: inner, original: inner });
    run(load(name), { redact: ['error.cause.message'] }, (log) => log.error({ error }, 'm'));
    run(load(name), { redact: ['error.parent.message'] }, (log) => log.error({ error: other }, 'm'));
    unhook();
    const told = JSON.stringify(bench.facts);
    assert.ok(told.includes(BAD) && !told.includes('no leash'), told);
    assert.equal(bench.rows().length, 2);
  }
});

test('a field with a getter is read once, by pino', () => {
  const bench = loggerBench();
  patchPino(load('pino'));
  const unhook = hookPino(bench.getLogger('pino'), 13);
  let reads = 0;
  const dog = Object.defineProperty({}, 'age', { enumerable: true, get: () => ++reads });
  run(load('pino'), {}, (log) => log.error(dog, 'm'));
  unhook();
  assert.deepEqual([reads, bench.rows()], [1, [['ERROR', 'm', undefined, undefined, 'pino', { age: 1 }]]]);
});

test('what is masked in words and message is nowhere in the facts, and the Error is known again', () => {
  const bench = loggerBench();
  patchPino(load('pino'));
  const unhook = hookPino(bench.getLogger('pino'), 13);
  const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER });
  context.with(trace.setSpan(context.active(), span), () => {
    const error = bad();
    run(load('pino'), { redact: ['msg'], level: 'info' }, (log) => log.info('a dog of the bank'));
    run(load('pino'), MASKING, (log) => log.error(error));
    span.recordException(error);
  });
  span.end();
  unhook();
  const [row, ...others] = bench.logs();
  assert.deepEqual(others, []);
  assert.match(row!.error!.stack!, /^TypeError: bad \*\*\*\n {4}at .*pino\.test\.ts/);
  assert.deepEqual(
    row!.crumbs!.map(({ what }) => what),
    ['[Redacted]'],
  );
  assert.doesNotMatch(JSON.stringify(bench.facts), /bad dog|of the bank/);
});

/** A copy of its own, as the application's bundle holds one: no hook for modules sees it. */
function bundledPino(): (options: object, stream: object) => Log {
  const inFolder = `${sep}node_modules${sep}pino${sep}`;
  const files = Object.keys(load.cache).filter((file) => file.includes(inFolder));
  const kept = files.map((file) => [file, load.cache[file]] as const);
  for (const file of files) delete load.cache[file];
  const copy = load('pino');
  for (const [file, module] of kept) load.cache[file] = module;
  return copy;
}

test('a pino in a bundle is heard beside one that is wrapped, each record once', () => {
  const bundled = bundledPino();
  patchPino(load('pino'));
  const bench = loggerBench();
  const unhook = hookPino(bench.getLogger('pino'), 13);
  const say = (pino: typeof bundled, words: string) =>
    run(pino, { ...MASKING, errorKey: 'failure' }, (log) => log.error({ failure: bad() }, words));
  for (const words of ['1', '2']) {
    say(bundled, `bundled ${words}`);
    say(load('pino'), `wrapped ${words}`);
  }
  assert.deepEqual(
    bench.rows().map(([, words, , error]) => [words, error]),
    ['bundled 1', 'wrapped 1', 'bundled 2', 'wrapped 2'].map((words) => [words, 'TypeError: bad ***']),
  );
  unhook();
});

const rewriting = (rewrite: (line: string) => string) => {
  const seen = { calls: 0 };
  const streamWrite = (line: string) => {
    seen.calls++;
    return rewrite(line);
  };
  return { seen, options: { hooks: Object.freeze({ streamWrite }) } };
};

const noDigits = (line: string) => line.replaceAll(/\d{4}/g, '****');

//  title, streamWrite, call → level, message, template, error, module, tags
const REWRITTEN: [string, (line: string) => string, (log: Log) => void, Row | undefined][] = [
  [
    'words and fields',
    noDigits,
    (log) => log.child({ module: 'till' }).error({ card: 'x4111' }, 'card %s', '4111 of Rex'),
    ['ERROR', 'card **** of Rex', undefined, undefined, 'till', { card: 'x****' }],
  ],
  [
    'words that it leaves as they are',
    noDigits,
    (log) => log.error({ card: 'x4111' }, 'card of %s', 'Rex'),
    ['ERROR', 'card of Rex', 'card of %s', undefined, 'pino', { card: 'x****' }],
  ],
  [
    'a number, which makes the line no JSON',
    noDigits,
    (log) => log.error({ card: 41114, ok: true, list: [1, 'a:4111'] }, 'm'),
    ['ERROR', 'm', undefined, undefined, 'pino', { card: '****4', ok: true, list: [1, 'a:****'] }],
  ],
  [
    'an Error',
    noDigits,
    (log) => log.error(new TypeError('bad card 4111')),
    ['ERROR', 'bad card ****', undefined, 'TypeError: bad card ****', 'pino', {}],
  ],
  [
    'an Error in the words',
    noDigits,
    (log) => log.error('no: %s', new TypeError('bad card 4111')),
    ['ERROR', 'no: TypeError: bad card ****', undefined, 'TypeError: no: TypeError: bad card ****', 'pino', {}],
  ],
  [
    'a line that is no JSON any more, with an Error that it does not show',
    () => 'ERROR something\n',
    (log) => log.error({ err: new TypeError('bad card 4111'), card: '4111' }, 'card 4111'),
    ['ERROR', 'ERROR something', undefined, 'TypeError: [not shown]', 'pino', {}],
  ],
  [
    'a line that is no JSON any more, with words and Error in it',
    (line) => `ERROR ${JSON.parse(line).msg} bad dog\n`,
    (log) => log.error({ err: bad() }, 'a "walk" of %s', 'Rex'),
    ['ERROR', 'a "walk" of Rex', 'a "walk" of %s', BAD, 'pino', {}],
  ],
  ['nothing', () => '', (log) => log.error(bad()), undefined],
];

for (const name of ['pino', 'pino9', 'pino in a bundle'])
  test(`${name}: what streamWrite masks stays masked, and it is called as often as without us`, () => {
    const bundled = name === 'pino in a bundle';
    const pino = bundled ? bundledPino() : load(name);
    patchPino(load('pino'));
    if (!bundled) patchPino(pino);
    const bench = loggerBench();
    const unhook = hookPino(bench.getLogger('pino'), 13);
    for (const [title, rewrite, call, expected] of REWRITTEN) {
      const { seen, options } = rewriting(rewrite);
      const { log } = onPaper(pino, options);
      call(log);
      // Of a logger in a bundle nobody has heard before its first record.
      assert.equal(seen.calls, bundled ? 2 : 1, title);
      call(log);
      assert.equal(seen.calls, bundled ? 3 : 2, title);
      assert.deepEqual(bench.rows(), expected === undefined ? [] : [expected, expected], title);
    }
    unhook();
  });

test('streamWrite masks breadcrumbs; where it throws, there is no row, and nothing of it in the next', () => {
  patchPino(load('pino'));
  const bench = loggerBench();
  const unhook = hookPino(bench.getLogger('pino'), 13);
  const fail = (line: string): string => {
    if (line.includes('fail')) throw new Error('no stream');
    return noDigits(line);
  };
  const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER });
  context.with(trace.setSpan(context.active(), span), () => {
    const { log, lines } = onPaper(load('pino'), rewriting(fail).options);
    log.info('looking for 4711');
    assert.throws(() => log.error('fail 4711'), /no stream/);
    log.error('m');
    assert.equal(lines.length, 2);
  });
  span.end();
  unhook();
  assert.deepEqual(
    bench.logs().map(({ message, crumbs }) => [message, crumbs!.map(({ what }) => what)]),
    [['m', ['looking for ****']]],
  );
});

test('pino 8 calls no streamWrite: the row has what is written', () => {
  patchPino(load('pino8'));
  const bench = loggerBench();
  const unhook = hookPino(bench.getLogger('pino'), 13);
  const { seen, options } = rewriting(noDigits);
  const { log, lines } = onPaper(load('pino8'), options);
  log.error('card 4111');
  unhook();
  assert.match(lines[0]!, /card 4111/);
  assert.deepEqual([seen.calls, bench.rows()], [0, [['ERROR', 'card 4111', undefined, undefined, 'pino', {}]]]);
});

for (const version of ['pino', 'pino9', 'pino8'])
  test(`${version}: a record that no stream of a multistream takes makes no row`, () => {
    patchPino(load(version));
    const bench = loggerBench();
    const unhook = hookPino(bench.getLogger('pino'), 13);
    let lines = 0;
    const stream = { write: () => void lines++ };
    const { multistream } = load(version);
    const errors = multistream([
      { level: 'error', stream },
      { level: 'fatal', stream: { write() {} } },
    ]);
    const warnings = multistream(
      [
        { level: 'warn', stream },
        { level: 'error', stream: errors },
      ],
      { dedupe: true },
    );
    const nested = multistream([{ level: 'debug', stream: errors }]);
    for (const [title, to, expected] of [
      ['of two levels', errors, ['ERROR']],
      ['the higher alone', warnings, ['WARNING', 'ERROR']],
      ['of another', nested, ['ERROR']],
      ['without a stream', multistream([]), []],
    ] as const) {
      lines = 0;
      const log: Log = load(version)({}, to);
      log.warn('m');
      log.child({ a: 1 }).error(bad());
      const rows = bench.rows();
      assert.deepEqual([title, rows.map(([level]) => level), lines], [title, expected, expected.length]);
    }
    unhook();
  });

test('what mixins, serializers and streams log are records of their own, and take nothing from the one around', () => {
  for (const name of ['pino', 'pino9', 'pino8']) patchPino(load(name));
  const bench = loggerBench();
  const unhook = hookPino(bench.getLogger('pino'), 13);
  for (const name of ['pino', 'pino9', 'pino8']) {
    const other: Log = load(name)({ base: null }, { write() {} });
    const mixin = () => {
      other.warn('mixin of %s', 'Rex');
      return {};
    };
    const dog = (value: unknown) => {
      other.error('serializer of %s', 'Rex', new RangeError('no name'));
      return value;
    };
    const log: Log = load(name)(
      { base: null, mixin, serializers: { dog } },
      { write: () => void other.error(new RangeError('no stream')) },
    );
    log.error({ dog: 'Rex' }, 'walk of %s', 'Rex', bad());
    assert.deepEqual(bench.rows(), [
      ['WARNING', 'mixin of Rex', 'mixin of %s', undefined, 'pino', {}],
      ['ERROR', 'serializer of Rex', 'serializer of %s', 'RangeError: no name', 'pino', {}],
      ['ERROR', 'walk of Rex', 'walk of %s', BAD, 'pino', { dog: 'Rex' }],
      ['ERROR', 'no stream', undefined, 'RangeError: no stream', 'pino', {}],
    ]);
  }
  unhook();
});

test('where no bundled pino is heard, the channel is left after a while', () => {
  patchPino(load('pino'));
  const { end } = tracingChannel('pino_asJson');
  const unhook = hookPino(loggerBench().getLogger('pino'), 13);
  const { log } = onPaper(load('pino'), {});
  for (let nr = 1; nr < 1000; nr++) log.info('m');
  assert.equal(end.hasSubscribers, true);
  log.info('m');
  assert.equal(end.hasSubscribers, false);
  unhook();
});

for (const [what, fails] of [
  ['that failed of an Error', true],
  ['that only answered 503', false],
] as const) {
  test(`the record of pino-http for a request ${what} makes no second row`, () => {
    patchPino(load('pino'));
    const bench = loggerBench();
    const unhook = hookPino(bench.getLogger('pino'), 13);
    const attributes = { 'http.request.method': 'GET', 'http.route': '/dogs' };
    const span = bench.tracer.startSpan('GET /dogs', { kind: SpanKind.SERVER, attributes });
    const error = () => new Error('failed with status code 503');
    context.with(trace.setSpan(context.active(), span), () => {
      run(load('pino'), {}, (log) => {
        if (fails) log.error(bad());
        log.error({ res: {}, err: error(), responseTime: 3 }, 'request errored');
      });
    });
    span.setAttribute('http.response.status_code', 503).end();
    run(load('pino'), {}, (log) => {
      log.error({ res: {}, err: error() }, 'no request');
      log.error({ err: error() }, 'of its own');
    });
    unhook();
    assert.deepEqual(
      bench.rows().map(([, words]) => words),
      [fails ? 'bad dog' : 'GET /dogs answered 503', 'no request', 'of its own'],
    );
  });
}

test('a text that a request threw, logged without words as Fastify does, is one row with it', () => {
  patchPino(load('pino'));
  const bench = loggerBench();
  const unhook = hookPino(bench.getLogger('pino'), 13);
  for (const spanFirst of [true, false]) {
    const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER });
    context.with(trace.setSpan(context.active(), span), () => {
      if (spanFirst) span.recordException('card declined');
      run(load('pino'), {}, (log) => log.error({ err: 'card declined' }));
      if (!spanFirst) span.recordException('card declined');
    });
    span.end();
    assert.deepEqual(
      bench.rows().map(([level, words, , error]) => [level, words, error]),
      [['ERROR', 'card declined', 'string: card declined']],
    );
  }
  unhook();
});
