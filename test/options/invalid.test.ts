// A value that is no value of its option is named with it, whatever it is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadOptions } from '../../src/options/options.ts';

const circular: { self?: unknown } = {};
circular.self = circular;
const hostile = {
  get a(): never {
    throw new Error('a getter');
  },
};

const GIVEN: [name: string, value: unknown, shown: string][] = [
  ['level', 10n, '10n'],
  ['level', circular, '<ref *1> { self: [Circular *1] }'],
  ['level', Object.create(null), '{}'],
  ['level', Symbol('x'), 'Symbol(x)'],
  ['level', hostile, '{ a: [Getter] }'],
  ['level', 'wombat', '"wombat"'],
  ['service', 10n, '10n'],
  ['databaseUrl', 10n, '***'],
  ['databaseUrl', Object.create(null), '***'],
  ['slowMillis', { x: circular }, '{ x: <ref *1> { self: [Circular *1] } }'],
  ['columns', JSON.parse('{"__proto__":"integer"}'), '{"__proto__":"integer"}'],
];

for (const [nr, [name, value, shown]] of GIVEN.entries())
  test(`${name} = ${shown} (${nr}) is not valid, and says so`, () => {
    assert.throws(
      () => loadOptions({ [name]: value }, {}, '/'),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'RT_OPTION_INVALID', error.stack);
        assert.ok(error.message.includes(`Option ${name} = ${shown} is not valid: expected `), error.message);
        return true;
      },
    );
  });
