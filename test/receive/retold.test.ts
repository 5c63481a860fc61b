// A failed call inside a failing request is one row in the database, and the ledger closes: whether delivery held what the
// client's span told, or had stored it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attributes, exceptionEvent, logs, nanos, record, span, TRACE, traces } from '../support/otlp.ts';
import { receiverFor, type TestReceiver } from '../support/receiver.ts';

const now = Date.now();
const STACK = 'error: no table "dogs"\n    at load (/srv/kennel/dogs.js:7:1)';
const resource = { 'service.name': 'kennel', 'telemetry.sdk.language': 'nodejs' };
const db = (more: object = {}) => attributes({ 'db.system.name': 'postgresql', 'db.namespace': 'kennel', ...more });
const times = (from: number, to: number) => ({
  startTimeUnixNano: nanos(now + from),
  endTimeUnixNano: nanos(now + to),
});

const query = span('2', {
  ...times(10, 40),
  parentSpanId: '1'.repeat(16),
  kind: 3,
  attributes: db(),
  events: [
    {
      name: 'exception',
      timeUnixNano: nanos(now + 39),
      attributes: attributes({ 'exception.message': "PostgreSQL error of type 'error' occurred (code: 42P01)" }),
    },
  ],
  status: { code: 2, message: 'no table "dogs"' },
});
const request = span('1', {
  ...times(0, 60),
  kind: 2,
  attributes: attributes({ 'http.request.method': 'GET', 'http.response.status_code': 500, 'http.route': '/dogs' }),
  events: [exceptionEvent('42P01', 'no table "dogs"', STACK, now + 45)],
  status: { code: 2 },
});
const told = {
  'exception.type': 'DatabaseError',
  'exception.message': 'no table "dogs"',
  'exception.stacktrace': STACK,
};
const log = record('could not load', {
  timeUnixNano: nanos(now + 44),
  traceId: TRACE,
  spanId: '1'.repeat(16),
  attributes: attributes(told),
});

const QUERY: [string, object] = ['/v1/traces', traces([query], resource)];
const REQUEST: [string, object] = ['/v1/traces', traces([request], resource)];
const BOTH: [string, object] = ['/v1/traces', traces([query, request], resource)];
const LOG: [string, object] = ['/v1/logs', logs([log], resource)];

async function assertOne(receiver: TestReceiver): Promise<void> {
  await receiver.settled();
  const rows = await receiver.rows<{ error_message: string; stack_trace: string; http_status: number }>(1);
  assert.deepEqual(
    rows.map((row) => [row.error_message, row.stack_trace, row.http_status]),
    [['no table "dogs"', STACK, 500]],
  );
  const [account] = await receiver.db.query<object>(
    'select stored, pending, accepted - stored - merged as open from rowtrace.ledger_balance',
  );
  assert.deepEqual(account, { stored: 1, pending: 0, open: 0 });
  assert.deepEqual(await receiver.db.query('select count from rowtrace.issue_list where count > 0'), [{ count: 1 }]);
}

for (const [what, requests] of Object.entries({
  'in one request': [BOTH, LOG],
  'one by one': [QUERY, REQUEST, LOG],
  'the log record first': [LOG, BOTH],
  'the log record between': [QUERY, LOG, REQUEST],
  'the request first, all of it twice': [REQUEST, QUERY, LOG, REQUEST, QUERY, LOG, BOTH],
}))
  for (const stored of [false, true])
    test(`a failed query and the request it failed are one row: ${what}${stored ? ', each stored before the next' : ''}`, async (t) => {
      const receiver = await receiverFor(t);
      for (const [path, body] of requests) {
        assert.equal((await receiver.json(path, body)).status, 200);
        if (stored) await receiver.settled();
      }
      await assertOne(receiver);
    });
