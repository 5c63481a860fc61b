// Keys that were made before are taken from memory; that must not show.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readCases } from '../../../bench/grouping.ts';
import { findKey } from '../../../src/record/fingerprint/fingerprint.ts';
import { findRowKey } from '../../../src/record/fingerprint/row-key.ts';
import type { FingerprintInput, FingerprintOptions } from '../../../src/record/fingerprint/types.ts';

/** After a third time it is taken from memory, where it is kept at all. */
function agrees(input: FingerprintInput, options: FingerprintOptions = {}): void {
  const { fingerprint, version, type, code, template, title, culprit } = findKey(input, options);
  const made = { fingerprint, version, type, code, template, title, culprit };
  for (let time = 0; time < 3; time++) assert.deepEqual(findRowKey(input, options), made, JSON.stringify(input));
}

test('labelled errors have the keys that are made of them', () => {
  for (const { type, message, stack, ...more } of readCases(
    new URL('../../fixtures/grouping-cases.json', import.meta.url),
  ))
    for (const given of [
      { type, message, stack, ...more },
      { message, stack },
      { type, message },
    ])
      agrees({ service: 's', ...given } as FingerprintInput);
});

const FRAMES = [
  '    at pay (/srv/app/pay.js:1:2)\n    at next (/srv/app/next.js:3:4)',
  '    at pay (/srv/app/node_modules/pg/lib/client.js:1:2)\n    at next (node:net:3:4)',
  '    at next (node:net:3:4)',
  '    at com.example.Shop.pay(Shop.java:17)',
  '    at run (native)',
];

test('errors that differ in one thing are told apart as before, and numbers do not matter more than before', () => {
  const number = fc.oneof(fc.constantFrom('7', '7000001', '8123456', '123456', '20261128'), fc.nat(1e9).map(String));
  const word = fc.constantFrom(
    'dog',
    'connect ECONNREFUSED 10.0.0.1:',
    "ENOENT: no such file, open '/tmp/",
    'Maximum call stack size exceeded ',
    'a\nb',
    '',
    ' ',
  );
  const message = fc.tuple(word, number, fc.constantFrom('', "'", ' gone')).map((parts) => parts.join(''));
  const type = fc.constantFrom(
    'Error',
    'TypeError',
    'Error1234567',
    'Error7654321',
    'ECONNREFUSED',
    '23505',
    '',
    'a b',
  );
  const code = fc.constantFrom(undefined, '', 'E_X', '1234567', '7654321', 'a\nb');
  const header = fc.constantFrom('given', 'plain', 'bracket', 'other', 'none');
  fc.assert(
    fc.property(
      fc.record({
        type,
        message,
        code,
        header,
        frames: fc.constantFrom(...FRAMES),
        service: fc.constantFrom('s', 'a\ns', 't'),
        language: fc.constantFrom(undefined, 'nodejs', 'java', 'python'),
        ruled: fc.boolean(),
      }),
      ({ header, frames, ruled, ...given }) => {
        const lines = {
          given: `${given.type}: ${given.message}`,
          plain: `Error: ${given.message}`,
          bracket: `Error [${given.code}]: ${given.message}`,
          other: 'RangeError: something else',
          none: '',
        };
        const rules = ruled ? [{ message: '*8123456*', fingerprint: 'mine' }] : [];
        agrees({ ...given, stack: `${lines[header]}\n${frames}` }, { rules });
      },
    ),
    { numRuns: 3_000 },
  );
});

test('a key that stands for another message of the same bug is the one remembered', () => {
  const given = (number: string) => ({
    type: 'Error',
    message: `order ${number} is gone`,
    stack: `Error: order ${number} is gone\n${FRAMES[0]}`,
  });
  agrees(given('1234567'));
  assert.equal(findRowKey(given('7654321'), {}), findRowKey(given('1234567'), {}));
});
