// A failed call inside a failing request is one row, though its texts differ: what a client's span told of it, and the error that
// the application got or made of it. Texts as the instrumentations of OpenTelemetry JS 0.300, its SDK and pino's log records
// have them, and SDKs of other languages. Over all orders and portions of what carries it, sent again or not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Mapped } from '../support/mapped.ts';
import { attributes, exceptionEvent, logs, nanos, record, TRACE, traces } from '../support/otlp.ts';

const NOW = Date.now() - 60_000;
const RUNS = { numRuns: Number(process.env.ROWTRACE_FC_RUNS ?? 200) };
const id = (digit: number) => String(digit).repeat(16);

type Event = [at: number, type: string | undefined, message: string, stack?: string];
interface Item {
  span?: object;
  record?: object;
  scope?: string;
}

/** A failed call, `from` to `to`, inside span 1 if nothing else is said. */
function call(digit: number, to: number, event: Event | undefined, more: object = {}, scope = 'app'): Item {
  const status = event === undefined || event[3] === undefined ? { message: 'no table "dogs"' } : {};
  const span = { ...base(digit, 1, 3, to - 10, to, event), status: { code: 2, ...status } };
  return { span: { ...span, attributes: attributes({ 'db.system.name': 'postgresql' }), ...more }, scope };
}

function server(digit: number, to: number, event: Event | undefined, more: object = {}): Item {
  const told = attributes({
    'http.request.method': 'GET',
    'http.response.status_code': 500,
    'rowtrace.slow_millis': 600_000,
  });
  return { span: { ...base(digit, 0, 2, 0, to, event), status: { code: 2 }, attributes: told, ...more } };
}

function base(digit: number, parent: number, kind: number, from: number, to: number, event: Event | undefined) {
  return {
    traceId: TRACE,
    spanId: id(digit),
    parentSpanId: parent === 0 ? '' : id(parent),
    name: `span ${digit}`,
    kind,
    startTimeUnixNano: nanos(NOW + from),
    endTimeUnixNano: nanos(NOW + to),
    events: event === undefined ? [] : [eventOf(event)],
  };
}

function eventOf([at, type, message, stack]: Event): object {
  const event = exceptionEvent(type ?? '', message, stack, NOW + at) as { attributes: { key: string }[] };
  const told = event.attributes.filter(({ key }) => type !== undefined || key !== 'exception.type');
  return { ...event, attributes: told };
}

function log(digit: number, [at, type, message, stack]: Event, severityNumber = 17): Item {
  const told = { 'exception.type': type, 'exception.message': message, 'exception.stacktrace': stack };
  const more = { traceId: TRACE, spanId: id(digit), timeUnixNano: nanos(NOW + at), severityNumber };
  return { record: record('request failed', { ...more, attributes: attributes(told) }) };
}

const v8 = (header: string, place: string) =>
  `${header}\n    at ${place} (/srv/kennel/${place}.js:1:1)\n    at run (/srv/kennel/app.js:9:9)`;
const MASK = "PostgreSQL error of type 'error' occurred (code: 42P01)";
const SAID = 'no table "dogs"';
const RECAPTURED = v8(`error: ${SAID}`, 'load');
const KNEX = v8(`error: select * from "dogs" - ${SAID}`, 'parse');
const REFUSED = v8('Error: connect ECONNREFUSED 127.0.0.1:80', 'afterConnect');
const AXIOS = v8('AxiosError: connect ECONNREFUSED 127.0.0.1:80', 'from');
const WRAPPED = v8('Error: could not load', 'show');
const JAVA = `org.postgresql.util.PSQLException: ${SAID}\n\tat org.postgresql.Driver.run(Driver.java:31)\n`;
const SPRING = `app.DataAccessException: failed\n\tat app.Dogs.load(Dogs.java:7)\nCaused by: ${JAVA}\t... 3 more\n`;
const trace = (frames: string, said: string) => `Traceback (most recent call last):\n${frames}${said}\n`;
const EXECUTE = '  File "/srv/venv/lib/python3.11/site-packages/psycopg2/x.py", line 7, in execute\n    …\n';
const PYTHON = trace(EXECUTE, `psycopg2.errors.UndefinedTable: ${SAID}`);
const PYTHON_WRAPPED = `${PYTHON}\nThe above exception was the direct cause of the following exception:\n\n${trace('  File "/srv/kennel/dogs.py", line 3, in load\n    …\n', 'app.LoadError: failed')}`;

const fetched = { attributes: attributes({ 'http.request.method': 'GET' }), status: { code: 2 } };
const ownTrace = { traceId: 'f'.repeat(32) };

const CASES: [what: string, rows: string[], items: Item[], language?: string][] = [
  [
    'pg, whose event masks what its status says',
    [SAID],
    [call(2, 40, [39, undefined, MASK]), server(1, 60, [45, '42P01', SAID, RECAPTURED])],
  ],
  [
    'pg, and a log record',
    ['request failed'],
    [call(2, 40, [39, undefined, MASK]), log(1, [45, 'DatabaseError', SAID, RECAPTURED])],
  ],
  [
    'pg, and the same words in an error of the own',
    [SAID],
    [call(2, 40, [39, undefined, MASK]), server(1, 60, [45, 'Error', SAID, v8(`Error: ${SAID}`, 'own')])],
  ],
  [
    'pg, and a log record with the cause',
    ['request failed'],
    [
      call(2, 40, [39, undefined, MASK]),
      log(1, [45, 'Error', `could not load: ${SAID}`, `${WRAPPED}\ncaused by: ${RECAPTURED}`]),
    ],
  ],
  [
    'a log record with the cause, and an event without',
    ['could not load'],
    [
      server(1, 60, [45, 'Error', 'could not load', WRAPPED]),
      log(1, [45, 'Error', `could not load: ${SAID}`, `${WRAPPED}\ncaused by: ${RECAPTURED}`]),
    ],
  ],
  [
    'Knex over pg',
    [`select * from "dogs" - ${SAID}`],
    [
      call(3, 39, [38, undefined, MASK], { parentSpanId: id(2) }),
      call(2, 40, [39, '42P01', SAID, KNEX]),
      server(1, 60, [45, '42P01', `select * from "dogs" - ${SAID}`, KNEX]),
    ],
  ],
  [
    'net, by the status of a span that is no call',
    ['no table "dogs"'],
    [call(2, 40, undefined, { kind: 1, attributes: [] }), server(1, 60, [45, 'ECONNREFUSED', SAID, RECAPTURED])],
  ],
  [
    'mysql2, by its status alone',
    [SAID],
    [call(2, 40, undefined), server(1, 60, [45, 'ER_NO_SUCH_TABLE', SAID, RECAPTURED])],
  ],
  [
    'fetch',
    ['fetch failed'],
    [
      call(
        2,
        40,
        [39, 'ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:80', REFUSED],
        fetched,
        '@opentelemetry/instrumentation-undici',
      ),
      server(1, 60, [45, 'TypeError', 'fetch failed', 'TypeError: fetch failed']),
    ],
  ],
  [
    'axios, which keeps code and words',
    ['connect ECONNREFUSED 127.0.0.1:80'],
    [
      call(2, 40, [39, 'ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:80', REFUSED], fetched),
      server(1, 60, [45, 'ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:80', AXIOS]),
    ],
  ],
  [
    'Java, with its cause',
    ['failed'],
    [
      call(2, 40, [39, 'org.postgresql.util.PSQLException', SAID, JAVA]),
      server(1, 60, [45, 'app.DataAccessException', 'failed', SPRING]),
    ],
    'java',
  ],
  [
    'Python, with its cause',
    ['failed'],
    [
      call(2, 40, [39, 'psycopg2.errors.UndefinedTable', SAID, PYTHON]),
      server(1, 60, [45, 'app.LoadError', 'failed', PYTHON_WRAPPED]),
    ],
    'python',
  ],
  [
    'Go, wrapped',
    [`load: ${SAID}`],
    [
      call(2, 40, [39, '*pgconn.PgError', SAID], { status: { code: 2 } }),
      server(1, 60, [45, '*fmt.wrapError', `load: ${SAID}`]),
    ],
    'go',
  ],
  [
    'three attempts, of which the last is thrown on',
    [SAID, SAID, SAID],
    [
      call(2, 20, [19, undefined, MASK]),
      call(3, 30, [29, undefined, MASK]),
      call(4, 40, [39, undefined, MASK]),
      server(1, 60, [45, '42P01', SAID, RECAPTURED]),
    ],
  ],
  [
    'three attempts whose stacks are the same, of which the last is thrown on',
    [2, 3, 4].map(() => 'connect ECONNREFUSED 127.0.0.1:80'),
    [
      ...[2, 3, 4].map((n) =>
        call(n, n * 10, [n * 10 - 1, 'ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:80', REFUSED], fetched),
      ),
      server(1, 60, [45, 'ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:80', AXIOS]),
    ],
  ],
  [
    'a query that failed and was handled, and another error',
    [SAID, 'x'],
    [call(2, 40, [39, undefined, MASK]), server(1, 60, [45, 'TypeError', 'x', v8('TypeError: x', 'show')])],
  ],
  [
    'two queries that failed',
    ['no column', SAID],
    [
      call(2, 20, [19, undefined, MASK]),
      call(3, 40, [39, undefined, MASK], { status: { code: 2, message: 'no column' } }),
      server(1, 60, [45, '42703', 'no column', v8('error: no column', 'load')]),
    ],
  ],
  [
    'the same in two requests of one trace',
    [SAID, SAID],
    [
      call(2, 40, [39, undefined, MASK]),
      server(1, 60, [45, '42P01', SAID, RECAPTURED], { parentSpanId: id(8) }),
      call(4, 41, [40, undefined, MASK], { parentSpanId: id(3) }),
      server(3, 61, [46, '42P01', SAID, v8(`error: ${SAID}`, 'find')], { parentSpanId: id(9) }),
    ],
  ],
  [
    'the same in two traces',
    [SAID, SAID],
    [call(2, 40, [39, undefined, MASK], ownTrace), server(1, 60, [45, '42P01', SAID, RECAPTURED])],
  ],
  [
    'the same words much later',
    [SAID, SAID],
    [call(2, 40, [39, undefined, MASK]), server(1, 9_000, [8_000, '42P01', SAID, RECAPTURED])],
  ],
  [
    'the same words before',
    [SAID, SAID],
    [call(2, 40, [39, undefined, MASK]), server(1, 60, [20, '42P01', SAID, RECAPTURED])],
  ],
];

for (const [what, rows, items, language = 'nodejs'] of CASES) {
  test(`${what}: ${rows.length} in any order and portions`, async () => {
    const resource = { 'service.name': 'kennel', 'telemetry.sdk.language': language };
    const delivery = fc.tuple(
      // Of what is two levels deep the one between has to be known.
      what.startsWith('Knex') ? fc.constant(items) : fc.shuffledSubarray(items, { minLength: items.length }),
      fc.shuffledSubarray(items),
      fc.integer({ min: 1, max: items.length }),
    );
    await fc.assert(
      fc.asyncProperty(delivery, async ([all, again, size]) => {
        const mapped = new Mapped();
        const sent = [...all, ...again];
        for (let at = 0; at < sent.length; at += size) {
          const some = sent.slice(at, at + size);
          for (const scope of new Set(some.map((one) => one.scope))) {
            const spans = some.flatMap((one) => (one.span && one.scope === scope ? [one.span] : []));
            if (spans.length > 0) await mapped.send('traces', traces(spans, resource, scope));
          }
          const records = some.flatMap((one) => one.record ?? []);
          if (records.length > 0) await mapped.send('logs', logs(records, resource));
        }
        assert.equal(mapped.rows().length, rows.length);
      }),
      RUNS,
    );
    // As they end, at once.
    const mapped = new Mapped();
    await mapped.send(
      'traces',
      traces(
        items.flatMap(({ span }) => span ?? []),
        resource,
        items[0]!.scope,
      ),
    );
    const records = items.flatMap((one) => one.record ?? []);
    if (records.length > 0) await mapped.send('logs', logs(records, resource));
    assert.deepEqual(
      mapped
        .rows()
        .map(({ message }) => message)
        .sort(),
      rows.toSorted(),
    );
  });
}
