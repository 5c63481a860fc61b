// When a logger shows an Error otherwise than the Error is, and which texts a row may have then.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { maskedTexts } from '../../../src/capture/loggers/masked.ts';
import { processorMillis } from '../../support/processor-time.ts';

const { err: pinoShown, errWithCause } = createRequire(import.meta.url)('pino-std-serializers');
const inner = new Error('no leash 4711');
const error = new TypeError('bad dog 4711', { cause: inner });
const all = new AggregateError([inner], 'all failed');
const { message, stack } = error;
const frames = stack!.slice(stack!.indexOf('\n    at '));

const SAME: [string, Error, unknown][] = [
  ['nothing', error, undefined],
  ['the Error itself', error, error],
  ['its message', error, message],
  ['its stack', error, stack],
  ['what pino makes of an Error with a cause', error, pinoShown(error)],
  ['the same with the cause as an object', error, errWithCause(error)],
  ['the same of an AggregateError', all, pinoShown(all)],
  ['a shorter stack', error, { message, stack: stack!.split('\n').slice(0, 2).join('\n') }],
  ['words in front of the message', error, { message: `shop: ${message}`, stack }],
  ['the same in the stack', error, { message: `shop: ${message}`, stack: stack!.replace(message, `shop: ${message}`) }],
  ['words in front of message and cause', error, { message: `shop: ${message}: ${inner.message}`, stack }],
  ['words in front of the stack', error, { message, stack: `shop: ${stack}` }],
  ['one text of words and message', error, `shop: ${message}`],
  ['words around the message of an Error without a cause', inner, `shop: ${inner.message} (tried 3 times)`],
  ['less than all of it', error, { name: 'TypeError' }],
];

for (const [what, thrown, shown] of SAME)
  test(`${what} masks nothing`, () => {
    assert.equal(maskedTexts(thrown, shown), undefined);
  });

test('long messages are compared in proportion to their length', { timeout: 60_000 }, () => {
  const lines = Array.from({ length: 400_000 }, (_, at) => `insert into dogs values (${at})`).join('\n');
  const long = new Error(lines, { cause: inner });
  // Minutes, where each line is looked for in all of them.
  assert.equal(maskedTexts(long, pinoShown(long)), undefined);
});

const type = 'TypeError';
const MASKED: [string, unknown, object][] = [
  ['a text', '[Redacted]', { type, message: '[Redacted]', stack: `${type}: [Redacted]${frames}` }],
  [
    'a message, beside the stack as it is',
    { message: 'x', stack },
    { type, message: 'x', stack: `${type}: x${frames}` },
  ],
  [
    'a message, without a stack',
    { message: 'bad dog ***' },
    { type, message: 'bad dog ***', stack: `${type}: bad dog ***${frames}` },
  ],
  ['a stack', { message, stack: 'none' }, { type, message, stack: 'none' }],
  [
    'the message of a cause',
    { message: 'bad dog 4711: no leash ***', stack: 's' },
    { type, message: 'bad dog 4711: no leash ***', stack: 's' },
  ],
  [
    'the message of a cause, behind words and message',
    { message: `shop: ${message}: no leash ***`, stack: 's' },
    { type, message: `shop: ${message}: no leash ***`, stack: 's' },
  ],
  [
    'a part of a word',
    { message: `x${message}`, stack },
    { type, message: `x${message}`, stack: `${type}: x${message}${frames}` },
  ],
  ['a cause', { message, stack, cause: { message: '***' } }, { type, message, stack }],
  ['a code', { message, stack, code: '***' }, { type, message, stack }],
];

for (const [what, shown, expected] of MASKED)
  test(`masked: ${what}`, () => {
    assert.deepEqual(maskedTexts(error, shown), expected);
  });

test('frames stay those of the Error, whatever its message is called', () => {
  const named = Object.assign(new TypeError('masked'), { stack: '' });
  const place = '    at masked (/app/masked.js:1:1)';
  named.stack = `TypeError: masked\n${place}\n    at main (/app/main.js:2:2)\nsaid: masked`;
  const told = 'TypeError: ***\n    at masked (/app/masked.js:1:1)\n    at main (/app/main.js:2:2)\nsaid: ***';
  for (const stack of [undefined, named.stack, `  ${named.stack}`])
    assert.equal(maskedTexts(named, { message: '***', stack })?.stack?.trim(), told);
});

test('a line as long as the stack, full of the message, is read once', () => {
  const cost = (line: string) => {
    const long = Object.assign(new Error('x'), { stack: `Error: x\n    at ${line}` });
    return processorMillis(() => {
      const told = maskedTexts(long, { message: '***', stack: `${long.stack} ` });
      assert.ok(told?.stack?.includes('***'));
    }, 2);
  };
  const once = cost('y'.repeat(64_000));
  const often = cost('x'.repeat(64_000));
  assert.ok(often < Math.max(once * 20, 200), `once ${once.toFixed(1)} ms, 64,000 times ${often.toFixed(1)} ms`);
});
