// What ran at the same time in one trace, as it was seen to go wrong by time; parallel.fc.test.ts has the rule.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Mapped } from '../support/mapped.ts';
import { attributes, exceptionEvent, logs, nanos, record, span, TRACE, traces } from '../support/otlp.ts';

const now = Date.now() - 1_000;
const GATEWAY = '9'.repeat(16);

const within = (digit: string, parent: string, from: number, to: number, more = {}) =>
  span(digit, {
    parentSpanId: parent.repeat(16 / parent.length),
    startTimeUnixNano: nanos(now + from),
    endTimeUnixNano: nanos(now + to),
    ...more,
  });
const http = (status: number, more: object) =>
  attributes({ 'http.request.method': 'GET', 'http.response.status_code': status, ...more });
const server = (digit: string, route: string, to: number, status: number) =>
  within(digit, GATEWAY, 0, to, { kind: 2, attributes: http(status, { 'http.route': route }) });
const exception = (message: string) => ({ events: [exceptionEvent('E', message, undefined, now + 50)] });

type Request = ['traces' | 'logs', object];

async function rowsOf(...requests: Request[]): Promise<string[]> {
  const mapped = new Mapped();
  for (const [signal, body] of requests) await mapped.send(signal, body);
  return mapped
    .rows()
    .map(({ message, route, status }) => `${message} (${route} ${status})`)
    .sort();
}

const a = [within('a', '1', 1, 50, exception('cart is empty')), server('1', '/a', 60, 500)];
const b = [server('2', '/b', 90, 503)];
const ORDERS: Record<string, Request[]> = {
  'in one request': [['traces', traces([...a, ...b])]],
  'one after the other': [a, b].map((spans): Request => ['traces', traces(spans)]),
  'the other first': [b, a].map((spans): Request => ['traces', traces(spans)]),
};
for (const [name, requests] of Object.entries(ORDERS)) {
  test(`two routes of a gateway fail, one with an exception: two rows, ${name}`, async () => {
    assert.deepEqual(await rowsOf(...requests), ['GET /b answered 503 (/b 503)', 'cart is empty (/a 500)']);
  });
}

test('of two calls at once one ends in an exception and the other in a 502: two rows', async () => {
  const spans = [
    within('a', '1', 10, 30, { kind: 3, status: { code: 2 }, ...exception('socket hang up') }),
    within('b', '1', 5, 90, { kind: 3, attributes: http(502, { 'server.address': 'stock' }) }),
    server('1', '/', 100, 200),
  ];
  const rows = ['GET stock answered 502 (/ 200)', 'socket hang up (/ 200)'];
  assert.deepEqual(await rowsOf(['traces', traces(spans)]), rows);
  assert.deepEqual(await rowsOf(...spans.map((one): Request => ['traces', traces([one])])), rows);
});

const slowAndFast = [
  within('a', '1', 1, 99),
  server('1', '/slow', 100, 500),
  within('b', '2', 1, 88),
  server('2', '/fast', 90, 404),
];
const spans: Request = ['traces', traces(slowAndFast)];
const at = (digit: string, words: string, more = {}) =>
  record(words, { traceId: TRACE, spanId: digit.repeat(16), timeUnixNano: nanos(now + 50), ...more });
const records: Request = ['logs', logs([at('a', 'of slow'), at('b', 'of fast')])];
test('log records of two requests at once have the outcome of their own, before it came and after', async () => {
  const rows = ['GET /slow answered 500 (/slow 500)', 'of fast (/fast 404)', 'of slow (/slow 500)'];
  assert.deepEqual(await rowsOf(records, spans), rows);
  assert.deepEqual(await rowsOf(spans, records), rows);
});

test('a failure gives way to an exception that only a log record tells, whichever came first', async () => {
  const told = attributes({ 'exception.type': 'E', 'exception.message': 'cart is empty' });
  const record: Request = ['logs', logs([at('a', 'no cart', { attributes: told })])];
  const rows = ['no cart (/slow 500)'];
  assert.deepEqual(await rowsOf(record, spans), rows);
  assert.deepEqual(await rowsOf(spans, record), rows);
});
