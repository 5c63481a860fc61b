// A stored row gives the key that its fact gave.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { given as present } from '../../src/record/columns.ts';
import type { ErrorFact, LogFact } from '../../src/record/fact.ts';
import type { FingerprintRule } from '../../src/record/fingerprint/index.ts';
import { fingerprintStored, type StoredEvent } from '../../src/record/stored-event.ts';
import { toErrorLogRow } from '../../src/record/to-rows.ts';
import { logFact, resource } from './facts.ts';

/** The row as a query gives it back. */
function stored(given: Partial<LogFact>, fingerprintRules?: FingerprintRule[]): StoredEvent {
  const none = { stack_trace: null, error_type: null, error_code: null, error_message: null };
  return { ...none, ...present(toErrorLogRow(logFact(given), resource, { columns: {}, fingerprintRules })) };
}

const stack = (type: string, message: string, file = 'pay.js') =>
  `${type}: ${message}\n    at pay (/app/src/${file}:3:1)\n    at run (/app/src/main.js:9:2)`;

const error: ErrorFact = {
  type: 'OrderError',
  message: 'order 17 failed',
  stack: stack('OrderError', 'order 17 failed'),
  cause: {
    ...{ type: 'Error', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 10.0.0.1:5432' },
    stack: stack('Error', 'connect ECONNREFUSED 10.0.0.1:5432', 'connect.js'),
  },
};

describe('the key of a stored row', () => {
  test('is found again for every labelled case', () => {
    for (const name of ['grouping-cases.json', 'own-grouping-cases.json'])
      for (const { id, type, message, stack } of JSON.parse(
        readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'),
      )) {
        const row = stored({
          message,
          error: type || stack ? { type, message, stack: stack ?? undefined } : undefined,
        });
        assert.ok(fingerprintStored(row).same, id);
      }
  });

  const cases: [what: string, given: Partial<LogFact>][] = [
    ['with a cause chain', { error }],
    [
      'with an aggregate',
      { error: { type: 'AggregateError', message: '', errors: [error, { ...error, cause: undefined }] } },
    ],
    [
      'with causes whose stacks do not name their class',
      {
        error: {
          ...error,
          cause: {
            type: 'OrderRefused',
            message: 'no',
            stack: stack('Error', 'no'),
            cause: { type: 'DatabaseError', message: 'duplicate key', stack: stack('error', 'duplicate key') },
          },
        },
      },
    ],
    [
      'with members whose stacks do not name their class',
      {
        error: {
          type: 'AggregateError',
          message: 'all failed',
          errors: ['a', 'b'].map((message) => ({ type: 'DatabaseError', message, stack: stack('error', message) })),
        },
      },
    ],
    ['with a code and no stack', { error: { type: 'Error', code: 'E_PAY', message: 'x' } }],
    ['of a log record', { message: 'slow order 17' }],
    ['of a log record with a template of its own', { message: 'slow order 17', template: 'slow order {id}' }],
    ['that the client set', { error, fingerprint: 'payments' }],
    ['with a message on lines', { error: { type: 'E', message: 'a\nb\nc', stack: stack('E', 'a\nb\nc') } }],
  ];
  for (const [what, given] of cases)
    test(`${what} is found again`, () => {
      assert.ok(fingerprintStored(stored(given)).same);
    });

  test('that a rule set is found again with the rule, and is not without it', () => {
    const rules = [{ type: 'OrderError', fingerprint: 'orders' }];
    const row = stored({ error }, rules);
    assert.ok(fingerprintStored(row, { rules }).same);
    assert.equal(fingerprintStored(row).same, false);
  });

  test('of another language is found again, by the language the row keeps', () => {
    const stack =
      'Traceback (most recent call last):\n  File "/app/pay.py", line 3, in pay\n    charge(7)\nValueError: no card';
    const given = logFact({ error: { type: 'ValueError', message: 'no card', stack } });
    const none = { error_code: null };
    const row = toErrorLogRow(given, { ...resource, language: 'python' }, { columns: {} });
    assert.equal(row.tags['telemetry.sdk.language'], 'python');
    assert.ok(fingerprintStored({ ...none, ...row } as unknown as StoredEvent).same);
  });

  test('of another version is another', () => {
    assert.equal(fingerprintStored({ ...stored({ error }), fingerprint_version: 0 }).same, false);
  });
});
