// Exceptions of Python and .NET, whose stacks grow while they are unwound: what spans and loggers tell of one, at several
// levels, is one row. Texts and attributes as opentelemetry-python 1.45 sends them (`use_span` records on the way out,
// `LoggingHandler` where it is called), and as opentelemetry-dotnet does.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { attributes, exceptionEvent, logs, nanos, span, TRACE, traces } from '../support/otlp.ts';
import { receiverFor } from '../support/receiver.ts';

interface Level {
  /** Frames that are added on the way up, outermost first in Python, innermost first in .NET. */
  span: string;
  log: string;
}

const now = Date.now();
const USE_SPAN =
  '  File "/srv/venv/lib/python3.11/site-packages/opentelemetry/trace/__init__.py", line 602, in use_span\n    yield span\n';
const line = (file: string, number: number, name: string) =>
  `  File "/srv/kennel/${file}.py", line ${number}, in ${name}\n    …\n`;
const INNER = line('dogs', 12, 'load');
const SERVICE = line('service', 31, 'find');
const VIEW = line('views', 7, 'show');
const TRANSACTION = '  File "/srv/kennel/db.py", line 5, in transaction\n    yield connection\n';
const traceback = (frames: string, said: string) => `Traceback (most recent call last):\n${frames}${said}\n`;

/** What `str(error)` is, and what the handler takes for it: the first argument. */
const PYTHON: [what: string, type: string, logged: string, message: string, argument: string | undefined][] = [
  ['a class of a module of its own', 'errors.NotFound', 'NotFound', 'no dog 7', 'no dog 7'],
  ['a key', 'KeyError', 'KeyError', "'rex'", 'rex'],
  ['an error of the system', 'FileNotFoundError', 'FileNotFoundError', "[Errno 2] No such file: '/x'", '2'],
  ['without words', 'errors.NotFound', 'NotFound', '', undefined],
  ['words of two lines', 'errors.NotFound', 'NotFound', 'no dog 7\n  nor cat', 'no dog 7\n  nor cat'],
];

for (const [what, type, logged, message, argument] of PYTHON)
  test(`Python, ${what}: spans and log records at three levels tell of one row`, async (t) => {
    const receiver = await receiverFor(t);
    const said = message === '' ? type : `${type}: ${message}`;
    // Context managers are on the way while they look on, and gone further up.
    const levels: Level[] = [
      { log: INNER, span: USE_SPAN + INNER },
      { log: TRANSACTION + SERVICE + INNER, span: USE_SPAN + SERVICE + INNER },
      { log: VIEW + SERVICE + INNER, span: USE_SPAN + VIEW + SERVICE + INNER },
    ];
    const spans = levels.map((level, at) =>
      spanAt(at, exceptionEvent(type, message, traceback(level.span, said), now)),
    );
    const records = levels.map((level, at) =>
      recordAt(at, {
        'exception.type': logged,
        ...(argument === undefined ? {} : { 'exception.message': argument }),
        'exception.stacktrace': traceback(level.log, said),
      }),
    );
    const resource = { 'service.name': 'kennel', 'telemetry.sdk.language': 'python' };
    await receiver.json('/v1/logs', logs(records.slice(0, 2), resource));
    await receiver.json('/v1/traces', traces(spans, resource));
    await receiver.json('/v1/logs', logs(records.slice(2), resource));
    await receiver.settled();
    const rows = await receiver.rows<{ error_type: string; error_message: string; http_status: number }>(1);
    assert.deepEqual(
      rows.map((row) => [row.error_type, row.error_message, row.http_status]),
      [[type, message, 500]],
    );
    const [issue] = await receiver.db.query('select count, type from rowtrace.issue_list');
    assert.deepEqual(issue, { count: 1, type });
  });

test('.NET: an activity and a logger, which leaves the namespace out, tell of one row at two levels', async (t) => {
  const at = (method: string, number: number) =>
    `   at Kennel.Dogs.${method}() in /srv/kennel/Dogs.cs:line ${number}\n`;
  const head = 'Kennel.Errors.NotFoundException: no dog 7\n';
  const type = 'Kennel.Errors.NotFoundException';
  const spans = [
    spanAt(0, exceptionEvent(type, 'no dog 7', `${head}${at('Load', 31)}${at('Find', 12)}`, now)),
    // `throw;` is another line than the call.
    spanAt(1, exceptionEvent(type, 'no dog 7', `${head}${at('Load', 31)}${at('Find', 15)}${at('Show', 7)}`, now)),
  ];
  const record = recordAt(0, {
    'exception.type': 'NotFoundException',
    'exception.message': 'no dog 7',
    'exception.stacktrace': `${head}${at('Load', 31)}`,
  });
  assert.deepEqual(await typesOf(t, 'dotnet', spans, record), [type]);
});

test('Java: a class in a class, which spans and appenders of loggers write each in their own way, is one row', async (t) => {
  const type = 'org.springframework.web.client.HttpClientErrorException$NotFound';
  const stack = `${type}: 404 : [no body]\n\tat com.example.Dogs.load(Dogs.java:31)\n`;
  const event = exceptionEvent(type.replace('$', '.'), '404 : [no body]', stack, now);
  const record = recordAt(0, {
    'exception.type': type,
    'exception.message': '404 : [no body]',
    'exception.stacktrace': stack,
  });
  assert.deepEqual(await typesOf(t, 'java', [spanAt(0, event)], record), [type]);
});

test('Python: the same words raised in one place for two callers are two rows, in any order', async (t) => {
  const receiver = await receiverFor(t);
  const told = (frames: string) => ({
    'exception.type': 'KeyError',
    'exception.message': 'x',
    'exception.stacktrace': traceback(frames, "KeyError: 'x'"),
  });
  const first = recordAt(0, told(line('views', 7, 'two') + INNER));
  const second = recordAt(0, told(line('views', 10, 'two') + INNER));
  const resource = { 'service.name': 'kennel', 'telemetry.sdk.language': 'python' };
  await receiver.json('/v1/logs', logs([first, second], resource));
  await receiver.json('/v1/traces', traces([spanAt(0)], resource));
  await receiver.settled();
  assert.equal((await receiver.rows(2)).length, 2);
});

test('without a trace, what a logger of Python tells is the issue of what a span tells', async (t) => {
  const receiver = await receiverFor(t);
  const stack = traceback(INNER, 'errors.Refused: card refused (402)');
  const record = recordAt(0, {
    'exception.type': 'Refused',
    'exception.message': '402',
    'exception.stacktrace': stack,
  });
  const resource = { 'service.name': 'kennel', 'telemetry.sdk.language': 'python' };
  await receiver.json('/v1/logs', logs([{ ...record, traceId: '', spanId: '' }], resource));
  const event = exceptionEvent(
    'errors.Refused',
    'card refused (402)',
    traceback(USE_SPAN + INNER, stack.split('\n').at(-2)!),
    now,
  );
  await receiver.json('/v1/traces', traces([spanAt(0, event)], resource));
  await receiver.settled();
  await receiver.rows(2);
  const issues = await receiver.db.query('select count, type from rowtrace.issue_list');
  assert.deepEqual(issues, [{ count: 2, type: 'errors.Refused' }]);
});

/** Types of the rows that spans and a log record of a language make. */
async function typesOf(t: TestContext, language: string, spans: object[], record: object): Promise<string[]> {
  const receiver = await receiverFor(t);
  const resource = { 'service.name': 'kennel', 'telemetry.sdk.language': language };
  await receiver.json('/v1/traces', traces(spans, resource));
  await receiver.json('/v1/logs', logs([record], resource));
  await receiver.settled();
  return (await receiver.rows<{ error_type: string }>(1)).map(({ error_type }) => error_type);
}

/** 0 is the innermost; 2 is the server span around both others. */
function spanAt(level: number, event?: object): object {
  const request = { 'http.request.method': 'GET', 'http.response.status_code': 500 };
  return span(String(level + 1), {
    ...(level === 2 ? { kind: 2, attributes: attributes(request) } : { parentSpanId: String(level + 2).repeat(16) }),
    startTimeUnixNano: nanos(now - 10 * (level + 1)),
    endTimeUnixNano: nanos(now + 50 * (level + 1)),
    events: event === undefined ? [] : [event],
    status: { code: 2 },
  });
}

function recordAt(level: number, told: Record<string, unknown>): Record<string, unknown> {
  return {
    // A roll-back takes its time.
    timeUnixNano: nanos(now + level * 50),
    severityNumber: 17,
    severityText: 'ERROR',
    body: { stringValue: `level ${level} failed` },
    attributes: attributes(told),
    traceId: TRACE,
    spanId: String(level + 1).repeat(16),
  };
}
