// Frames that were read before are taken from memory; that must not show.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCases } from '../../../bench/grouping.ts';
import { readFrame } from '../../../src/record/fingerprint/frame.ts';
import { parseV8 } from '../../../src/record/fingerprint/parse-v8.ts';

const stacks = readCases(new URL('../../fixtures/grouping-cases.json', import.meta.url)).flatMap(({ stack }) =>
  stack ? [stack] : [],
);

test('a stack whose frames are known reads as one that is read line by line', () => {
  for (const stack of stacks) {
    const known = [parseV8(stack, ''), parseV8(stack, '')][1];
    // With an empty line behind its frames it is never kept.
    assert.deepEqual(known, parseV8(`${stack}\n`, ''), stack);
  }
});

test('other headers above known frames stay what they are', () => {
  const frames = '    at pay (/srv/app/pay.js:1:2)\n    at next (/srv/app/next.js:3:4)';
  for (const header of [
    'Error: one',
    'Error: two',
    '',
    ' Error: three',
    'at Error: four',
    '[cause]: Error: five',
    'cause: Error: six',
    "Emitted 'error' event on Socket instance at:",
    'Error: seven\nlines',
    '[Error: eight] {',
    '... 4 lines matching cause stack trace ...',
  ]) {
    parseV8(`${header}\n${frames}`, '');
    assert.deepEqual(parseV8(`${header}\n${frames}`, ''), parseV8(`${header}\n${frames}\n`, ''), header);
  }
});

test('lines of a message that look like frames are none, also where they were frames of another error', () => {
  const frames =
    '    at render (/srv/app/render.js:1:2)\n    at next (/srv/app/next.js:3:4)\n    at tail (/srv/app/tail.js:5:6)';
  const stack = `Error: one\n${frames}`;
  parseV8(stack, 'one');
  for (const message of ['one\n    at render (/srv/app/render.js:1:2)', 'one\n    at ren', 'one\n', 'another\none'])
    assert.deepEqual(parseV8(stack, message), parseV8(`${stack}\n`, message), message);
});

test('a line without a place is told from the same with one, whichever came first', () => {
  for (const [bare, placed] of [
    ['at checkout', 'at checkout:1:2'],
    ['at refund ()', 'at refund (:1:2)'],
  ] as const) {
    assert.equal(readFrame(bare), undefined);
    assert.equal(readFrame(placed)?.line, 1);
  }
  assert.equal(readFrame('at delivery:1:2')?.line, 1);
  assert.equal(readFrame('at delivery'), undefined);
});

test('nobody changes the frames that he shares with others', () => {
  const stack = 'Error: x\n    at pay (/srv/app/pay.js:1:2)';
  for (let time = 0; time < 2; time++) {
    const { frames } = parseV8(stack, '');
    assert.throws(() => {
      frames[0]!.key = 'changed';
    }, TypeError);
    assert.throws(() => frames.push(frames[0]!), TypeError);
  }
  assert.deepEqual(
    parseV8(stack, '').frames.map(({ key }) => key),
    ['pay:pay'],
  );
});
