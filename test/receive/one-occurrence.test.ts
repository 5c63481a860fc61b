// One exception, one row: by span events of a span and its ancestors and by log records, in any order, in one request or
// several, sent again or not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attributes, exceptionEvent, logs, nanos, span, TRACE, traces } from '../support/otlp.ts';
import { receiverFor, type TestReceiver } from '../support/receiver.ts';

const STACK = 'ValueError: no dog 7\n  File "app.py", line 3, in load';
const told = { 'exception.type': 'ValueError', 'exception.message': 'no dog 7', 'exception.stacktrace': STACK };
const now = Date.now();

/** 4 (server) → 3 → 2 → 1; each holds the time of those inside. */
const at = (digit: string, from: number, to: number, parent?: string, more = {}) =>
  span(digit, {
    startTimeUnixNano: nanos(now + from),
    endTimeUnixNano: nanos(now + to),
    parentSpanId: parent?.repeat(16) ?? '',
    events: [exceptionEvent('ValueError', 'no dog 7', STACK, now + from + 1)],
    status: { code: 2 },
    ...more,
  });
const inner = at('1', 30, 40, '2');
const middle = at('2', 20, 50, '3', { events: [] });
const outer = at('3', 10, 60, '4');
const server = at('4', 0, 100, undefined, {
  kind: 2,
  events: [],
  attributes: attributes({
    'http.method': 'GET',
    'http.status_code': 500,
    'http.route': '/dogs/<id>',
    'rowtrace.slow_millis': 600_000,
  }),
});
const log = {
  timeUnixNano: nanos(now + 45),
  severityNumber: 21,
  body: { stringValue: 'could not load the dog' },
  attributes: attributes({ ...told, shift: 'night' }),
  traceId: TRACE,
  spanId: '2'.repeat(16),
};

type Request = [path: string, body: object];
const SPANS: Request[] = [inner, middle, outer, server].map((one) => ['/v1/traces', traces([one])]);
const LOG: Request = ['/v1/logs', logs([log], undefined, 'kennel.dogs')];

async function send(receiver: TestReceiver, requests: Request[]): Promise<void> {
  for (const [path, body] of requests) {
    const answer = await receiver.json(path, body);
    assert.equal(await answer.text(), '{}');
  }
}

/** As a plain entry without a timestamp comes. */
const UNTIMED: Request = [
  '/v1/logs',
  logs([{ ...log, timeUnixNano: undefined, spanId: '' }], undefined, 'kennel.dogs'),
];

/** Still under way when the record comes. */
const minutes = { startTimeUnixNano: nanos(now - 60_000), endTimeUnixNano: nanos(now + 60_000) };
const long = traces([
  { ...inner, ...minutes, parentSpanId: '4'.repeat(16) },
  { ...server, ...minutes },
]);

const ORDERS: Record<string, Request[]> = {
  'spans in one request, then the log record': [['/v1/traces', traces([inner, middle, outer, server])], LOG],
  'the log record, then spans one by one': [LOG, ...SPANS],
  'without the span between them': [SPANS[2]!, SPANS[0]!, LOG, SPANS[3]!],
  'a log record that names no time and no span': [['/v1/traces', long], UNTIMED],
  'everything twice': [LOG, ...SPANS, LOG, ...SPANS, ['/v1/traces', traces([inner, middle, outer, server])]],
};

for (const [name, requests] of Object.entries(ORDERS)) {
  test(`one exception is one row: ${name}`, async (t) => {
    const receiver = await receiverFor(t);
    await send(receiver, requests);
    await receiver.settled();
    const rows = await receiver.rows(1);
    assert.equal(rows.length, 1);
    const [row] = rows as Record<string, unknown>[];
    assert.equal(row!.error_type, 'ValueError');
    assert.equal(row!.level, 'CRITICAL');
    assert.equal(row!.http_status, 500);
    assert.equal(row!.http_method, 'GET');
    assert.equal(row!.route, '/dogs/<id>');
    assert.equal((row!.tags as Record<string, unknown>).shift, 'night');
    const words = [row!.message, (row!.tags as Record<string, unknown>)['log.body']];
    assert.ok(words.includes('could not load the dog'), String(words));
    const [account] = await receiver.db.query<{ accepted: number; stored: number; pending: number }>(
      'select accepted, stored, pending from rowtrace.ledger_balance',
    );
    assert.deepEqual({ ...account, accepted: 0 }, { accepted: 0, stored: 1, pending: 0 });
    const [issue] = await receiver.db.query('select count, level from rowtrace.issue_list');
    assert.deepEqual(issue, { count: 1, level: 'CRITICAL' });
  });
}

test('a request that by its clock ended before what is inside it has one row: the exception, not its answer', async (t) => {
  const receiver = await receiverFor(t);
  const early = { ...server, startTimeUnixNano: nanos(now + 30), endTimeUnixNano: nanos(now + 33) };
  await send(receiver, [['/v1/traces', traces([early, { ...inner, parentSpanId: '4'.repeat(16) }])]]);
  await receiver.settled();
  const rows = await receiver.rows<{ message: string; http_status: number }>(1);
  assert.deepEqual(
    rows.map(({ message, http_status }) => [message, http_status]),
    [['no dog 7', 500]],
  );
});

test('the same exception on sibling spans is several rows, in whatever order their parent comes', async (t) => {
  const receiver = await receiverFor(t);
  const first = at('5', 1, 10, '9');
  const second = at('6', 11, 20, '9');
  const third = at('7', 21, 30, '9');
  const parent = at('9', 0, 40);
  await send(receiver, [
    ['/v1/traces', traces([second])],
    ['/v1/traces', traces([parent, first])],
    ['/v1/traces', traces([third])],
  ]);
  await receiver.settled();
  assert.equal((await receiver.rows(3)).length, 3);
});

test('three attempts on one span that end in the same exception are three rows, however often they are sent', async (t) => {
  const receiver = await receiverFor(t);
  const attempts = at('1', 0, 9_000, undefined, {
    events: [1_000, 1_001, 4_000, 8_000].map((after) => exceptionEvent('ValueError', 'no dog 7', STACK, now + after)),
  });
  const record = { ...log, timeUnixNano: nanos(now + 4_001), spanId: '1'.repeat(16) };
  const body: Request[] = [
    ['/v1/traces', traces([attempts])],
    ['/v1/logs', logs([record])],
  ];
  await send(receiver, [...body, ...body]);
  await receiver.settled();
  assert.equal((await receiver.rows(3)).length, 3);
  const [issue] = await receiver.db.query('select count from rowtrace.issue_list');
  assert.deepEqual(issue, { count: 3 });
});

test('the same exception in another trace is another row', async (t) => {
  const receiver = await receiverFor(t);
  await send(receiver, [['/v1/traces', traces([inner, { ...inner, traceId: 'f'.repeat(32) }])]]);
  assert.equal((await receiver.rows(2)).length, 2);
});

test('an exception that is logged as a warning and thrown on is one row, and two attempts are two', async (t) => {
  const receiver = await receiverFor(t);
  const warning = { ...log, severityNumber: 13, spanId: '1'.repeat(16) };
  const earlier = { ...warning, timeUnixNano: nanos(now + 31) };
  await send(receiver, [['/v1/logs', logs([warning])], ...SPANS, ['/v1/logs', logs([earlier])]]);
  await receiver.settled();
  const rows = await receiver.rows<{ level: string }>(2);
  assert.deepEqual(rows.map(({ level }) => level).sort(), ['ERROR', 'WARNING']);
  const [account] = await receiver.db.query<object>('select stored, pending from rowtrace.ledger_balance');
  assert.deepEqual(account, { stored: 2, pending: 0 });
  const [issue] = await receiver.db.query('select count, level from rowtrace.issue_list');
  assert.deepEqual(issue, { count: 2, level: 'ERROR' });
});

test('expired keys are removed', async (t) => {
  const receiver = await receiverFor(t);
  await send(receiver, [SPANS[0]!]);
  await receiver.rows(1);
  const count = async () => (await receiver.db.query('select key from rowtrace.occurrence_keys')).length;
  assert.equal(await count(), 1);
  await receiver.db.query(`update rowtrace.occurrence_keys set expires_at = now() - interval '1 second'`);
  while ((await count()) > 0) await new Promise((later) => setTimeout(later, 50));
});
