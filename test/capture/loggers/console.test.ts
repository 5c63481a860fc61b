// console: words, template and Error of console.error and console.warn; the OTel logs API.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format, inspect } from 'node:util';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { noteUnhandled } from '../../../src/capture/frameworks/seam.ts';
import { hookConsole } from '../../../src/capture/loggers/console.ts';
import { captureBench } from '../../support/capture.ts';
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
    ['\u001b[31mKENNEL\u001b[0m', bad()],
    ['ERROR', 'KENNEL', undefined, BAD, 'console', {}],
  ],
  [
    // graphql-yoga 5.24
    ['\u001b[31mERR\u001b[0m', bad()],
    ['ERROR', 'bad dog', undefined, BAD, 'console', {}],
  ],
  [
    ['[Error]:', bad()],
    ['ERROR', 'bad dog', undefined, BAD, 'console', {}],
  ],
  [
    ['Error in kennel', bad()],
    ['ERROR', 'Error in kennel', undefined, BAD, 'console', {}],
  ],
  [
    ['\u001b[1mdog %s\u001b[22m failed', 'Rex', bad()],
    ['ERROR', 'dog Rex failed', 'dog %s failed', BAD, 'console', {}],
  ],
  [
    // nitropack 2.13, runtime/internal/error/prod
    ['[request error] [unhandled] [GET] http://127.0.0.1:3000/dogs/7\n', bad()],
    ['ERROR', 'bad dog', undefined, BAD, 'console', {}],
  ],
  [
    // h3 1.15
    ['[h3]', '[unhandled]', bad()],
    ['ERROR', 'bad dog', undefined, BAD, 'console', {}],
  ],
  [
    ['[request error] of ours', bad()],
    ['ERROR', '[request error] of ours', undefined, BAD, 'console', {}],
  ],
  [
    ['100%% sure', 1],
    ['ERROR', '100% sure 1', undefined, undefined, 'console', {}],
  ],
  [[], ['ERROR', '', undefined, undefined, 'console', {}]],
  [[Object.assign(bad(), { status: 404 })], ['ERROR', 'bad dog', undefined, BAD, 'console', {}]],
];

const FRAMES = '\n    at load (/app/dogs.js:3:9)\n    at async handle (/app/server.js:7:3)';

// What is printed, and the error in it: its type and message, and the words around it.
const PRINTED: [unknown[], [type: string, message: string, words: string] | undefined][] = [
  [[`TypeError: bad dog${FRAMES}`], ['TypeError', 'bad dog', 'bad dog']],
  [
    ['it failed:', `TypeError [ERR_X]: bad\ndog${FRAMES}`, 7],
    ['TypeError', 'bad\ndog', 'it failed: 7'],
  ],
  // LoopBack 4 (@loopback/rest 15.0, log-error.provider.js)
  [
    ['Request %s failed with status code %s. %s', '/dogs', 500, `TypeError: bad dog${FRAMES}`],
    ['TypeError', 'bad dog', 'Request /dogs failed with status code 500. bad dog'],
  ],
  // AWS Lambda (aws-lambda-ric 3.3)
  [
    [
      'Invoke Error',
      `\t${JSON.stringify({ errorType: 'TypeError', errorMessage: 'bad dog', stack: `TypeError: bad dog${FRAMES}`.split('\n') })}`,
    ],
    ['TypeError', 'bad dog', 'bad dog'],
  ],
  [['Invoke Error', `\t{"errorType":"TypeError","stack":7}`], undefined],
  [['Invoke Error', `\t{"errorType":"Type`], undefined],
  // SvelteKit 2.5 (runtime/server/utils.js), Astro 5.18 (core/logger/node.js)
  [[`\n\u001b[1;31m[500] GET /dogs/7\u001b[0m\nTypeError: bad dog${FRAMES}`], ['TypeError', 'bad dog', 'bad dog']],
  [[`\u001b[2m16:19:36\u001b[22m \u001b[31m[ERROR]\u001b[39m BookingError: no${FRAMES}`], ['BookingError', 'no', 'no']],
  // console.trace() and React
  [[`Trace: here${FRAMES}`], undefined],
  [['Warning: no key%s', '\n    at Dog (/app/dog.js:1:1)'], undefined],
  [[`The above error occurred in the <Dog> component:\n${FRAMES}`], undefined],
  [['TypeError: bad dog'], undefined],
];

test('a stack that is printed as a text is the error that it tells', () => {
  const bench = captureBench();
  const original = console.error;
  console.error = () => {};
  const unhook = hookConsole({ emit: (record) => bench.logger.emit(record as never) }, 'errors');
  try {
    for (const [values, told] of PRINTED) {
      const before = bench.logs().length;
      console.error(...values);
      const [row, ...more] = bench.logs().slice(before);
      assert.deepEqual(more, []);
      const { type, message, stack } = row?.error ?? {};
      assert.deepEqual(row && [type, message, row.message], told, String(values[0]));
      if (told !== undefined) assert.ok(stack?.startsWith(told[0]) && stack.endsWith(FRAMES), stack);
    }
  } finally {
    unhook();
    console.error = original;
  }
});

test('what a runtime puts in the place of the console is heard as well, and stays after us', () => {
  const bench = captureBench();
  const originals = { error: console.error, warn: console.warn };
  const printed: unknown[][] = [];
  const unhook = hookConsole({ emit: (record) => bench.logger.emit(record as never) }, 'errors', true);
  const given = (...values: unknown[]) => void printed.push(values);
  try {
    console.error = given;
    console.error('first', new TypeError('bad dog'));
    assert.deepEqual(
      bench.logs().map(({ message }) => message),
      ['first'],
    );
    assert.equal(printed.length, 1);
    assert.equal(Object.getOwnPropertyDescriptor(console, 'error')?.writable, true);
    unhook();
    assert.equal(console.error, given);
    assert.equal(console.warn, originals.warn);
    assert.equal(Object.getOwnPropertyDescriptor(console, 'warn')?.writable, true);
  } finally {
    unhook();
    Object.assign(console, originals);
  }
});

test('an error that is printed as a text and thrown on is one row, in a request and without; two texts are two', () => {
  const bench = captureBench();
  const original = console.error;
  console.error = () => {};
  const unhook = hookConsole({ emit: (record) => bench.logger.emit(record as never) }, 'errors');
  const crash = (error: Error) => bench.tracker.thrown(error, { context: context.active(), level: 'CRITICAL' });
  try {
    for (const error of [bad(), bad()]) {
      console.error(error.stack);
      crash(error);
      console.error(error);
    }
    const logged = bad();
    console.error(logged);
    console.error(logged.stack);
    const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER });
    context.with(trace.setSpan(context.active(), span), () => {
      const error = bad();
      console.error(error.stack);
      span.recordException(error);
    });
    span.end();
    const { stack } = bad();
    for (let at = 0; at < 3; at++) console.error(stack);
  } finally {
    unhook();
    console.error = original;
  }
  assert.equal(bench.logs().length, 2 + 1 + 1 + 3);
});

test('a stack that is printed as a text where its root, no request, has ended is no second row', () => {
  const bench = captureBench();
  const original = console.error;
  console.error = () => {};
  const unhook = hookConsole({ emit: (record) => bench.logger.emit(record as never) }, 'errors');
  try {
    const error = bad();
    const span = bench.tracer.startSpan('nightly');
    span.recordException(error);
    span.end();
    for (let at = 0; at < 2; at++) console.error('the run failed', error.stack);
    console.error(bad().stack);
  } finally {
    unhook();
    console.error = original;
  }
  assert.equal(bench.logs().length, 2);
});

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

test('an Error behind a proxy makes its row', () => {
  assert.deepEqual(rowsOf(['proxied', new Proxy(bad(), {})]), [['ERROR', 'proxied', undefined, BAD, 'console', {}]]);
});

test('a value of very many keys costs the words little; what tells how to show itself does so', () => {
  const many = () => Object.fromEntries(Array.from({ length: 60_000 }, (_, nr) => [`dog ${nr}`, { nr }]));
  class Kennel {
    readonly dogs = many();
    [inspect.custom]() {
      return 'Kennel(60000)';
    }
  }
  const values = ['all %s', 'failed', many(), { kennels: [many()] }, new Kennel(), { small: 1 }];
  const times = [performance.now()];
  const rows = rowsOf([...values, bad()]);
  times.push(performance.now());
  format(...values);
  times.push(performance.now());
  assert.ok(times[1]! - times[0]! < (times[2]! - times[1]!) / 2, `${times}`);
  assert.deepEqual(rows, [
    ['ERROR', 'all failed [Object] [Object] Kennel(60000) { small: 1 }', 'all %s', BAD, 'console', {}],
  ]);
});

test('no getter runs for the words', () => {
  const trap = {
    get dog(): never {
      throw new Error('a getter');
    },
    list: [
      {
        get dog(): never {
          throw new Error('a getter');
        },
      },
    ],
  };
  assert.equal(rowsOf(['m', trap, bad()])[0]![1], 'm { dog: [Getter], list: [ { dog: [Getter] } ] }');
});

/** Of one call, which prints nothing. */
function rowsOf(values: unknown[]): Row[] {
  const bench = loggerBench();
  const original = console.error;
  console.error = () => {};
  const unhook = hookConsole(bench.getLogger('console'), 'errors');
  try {
    console.error(...values);
  } finally {
    unhook();
    console.error = original;
  }
  return bench.rows();
}

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

test('a stack that Express 4 prints as a text is the row of its error; any other text is its own', () => {
  const bench = loggerBench();
  const original = console.error;
  console.error = () => {};
  const undo = hookConsole(bench.getLogger('console'), 'all');
  const request = bench.tracer.startSpan('GET /dogs', { kind: SpanKind.SERVER });
  const error = bad();
  context.with(trace.setSpan(context.active(), request), () => {
    request.recordException(error);
    noteUnhandled(error);
    console.error(error.stack);
    console.error(bad().stack!.split('\n')[0]);
  });
  request.end();
  undo();
  console.error = original;
  const rows = bench.rows();
  assert.deepEqual(
    rows.map(([level, message, , shown]) => [level, message, shown]),
    [
      ['ERROR', 'bad dog', BAD],
      ['ERROR', BAD, undefined],
    ],
  );
});
