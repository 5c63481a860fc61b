// What OTLP/JSON may hold beside what senders should write: null, which is absent, and a byte order mark.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from '../../src/receive/decode/decode.ts';
import { anyValue } from '../../src/receive/decode/json.ts';

test('a member that is null does not hide the one that is set', () => {
  for (const [given, expected] of [
    [{ stringValue: null, intValue: '5' }, 5],
    [{ intValue: null, stringValue: 'x' }, 'x'],
    [{ boolValue: null, doubleValue: 0.5 }, 0.5],
    [{ intValue: null }, undefined],
    [{ arrayValue: null, kvlistValue: null, bytesValue: 'AA==' }, 'AA=='],
  ] as const)
    assert.deepEqual(anyValue(given, 0), expected);
});

test('a byte order mark in front of a body is passed over', () => {
  for (const signal of ['traces', 'logs', 'metrics'] as const)
    assert.deepEqual(decode(signal, 'json', Buffer.from('\uFEFF{}')).groups, []);
});

test('a body that is null is an empty request', () => {
  for (const signal of ['traces', 'logs', 'metrics'] as const)
    assert.deepEqual(decode(signal, 'json', Buffer.from('null')).groups, []);
});
