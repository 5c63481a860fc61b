// How many rows one exception makes, over all orders and portions of what carries it: one on a span, its ancestors and in
// log records; one each on siblings, and for each time that one span tells of it clearly apart from the last.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Mapped } from '../support/mapped.ts';
import { attributes, exceptionEvent, logs, nanos, record, TRACE, traces } from '../support/otlp.ts';

const NOW = Date.now() - 60_000;
const RUNS = { numRuns: Number(process.env.ROWTRACE_FC_RUNS ?? 500) };
const id = (digit: number) => String(digit).repeat(16);

/** `at`: when it tells of the exception. Spans with a lower number end later. */
function spanOf(digit: number, parent: number, at: number[], more = {}): object {
  return {
    traceId: TRACE,
    spanId: id(digit),
    parentSpanId: parent === 0 ? '' : id(parent),
    name: `span ${digit}`,
    kind: parent === 0 ? 2 : 1,
    startTimeUnixNano: nanos(NOW + digit * 10),
    endTimeUnixNano: nanos(NOW + 20_000 - digit * 10),
    events: at.map((millis) => exceptionEvent('E', 'no dog 7', 'E: no dog 7\n  at x (y.js:1:1)', NOW + millis)),
    status: { code: 2 },
    ...more,
  };
}

function logOf(digit: number, at: number, more = {}): object {
  const told = { 'exception.type': 'E', 'exception.message': 'no dog 7' };
  const all = attributes({ ...told, 'exception.stacktrace': 'E: no dog 7\n  at x (y.js:1:1)' });
  return record('no dog', {
    traceId: TRACE,
    spanId: id(digit),
    timeUnixNano: nanos(NOW + at),
    attributes: all,
    ...more,
  });
}

const warningOf = (digit: number, at: number): object => logOf(digit, at, { severityNumber: 13 });

const CALLS = [spanOf(1, 8, [5_000], { kind: 2 }), spanOf(2, 9, [5_050], { kind: 2 })];

const CASES: [what: string, rows: number, spans: object[], logs: object[]][] = [
  [
    'a span, its ancestors and log records',
    1,
    [1, 2, 3, 4].map((n) => spanOf(n, n - 1, [5_000])),
    [logOf(4, 5_001), logOf(2, 5_002)],
  ],
  [
    'a span that two layers tell of it',
    1,
    [spanOf(1, 0, [5_300]), spanOf(2, 1, [5_000, 5_000.2, 5_250])],
    [logOf(2, 5_001)],
  ],
  ['siblings and their parent', 2, [spanOf(1, 0, [5_100]), spanOf(2, 1, [5_000]), spanOf(3, 1, [5_050])], []],
  ['requests at once, each called by a span of its own', 2, CALLS, []],
  ['requests at once, and log records of both', 2, CALLS, [logOf(1, 5_001), logOf(2, 5_051)]],
  ['requests at once, and log records of both in the same moment', 2, CALLS, [logOf(1, 5_051), logOf(2, 5_051)]],
  ['three attempts on one span', 3, [spanOf(1, 0, []), spanOf(2, 1, [1_000, 4_000, 8_000])], []],
  [
    'three attempts on one span, log records, and the span around it',
    3,
    [spanOf(1, 0, [8_001]), spanOf(2, 1, [1_000, 1_000.1, 4_000, 8_000])],
    [logOf(2, 1_001), logOf(2, 4_001), logOf(2, 8_001)],
  ],
  [
    'a warning, and the spans that the same is thrown through',
    1,
    [spanOf(1, 0, [5_001]), spanOf(2, 1, [5_000])],
    [warningOf(2, 4_999)],
  ],
  [
    'three attempts told as warnings, of which the last is thrown on',
    3,
    [spanOf(1, 0, [8_001])],
    [warningOf(2, 1_000), warningOf(2, 4_000), warningOf(2, 8_000)],
  ],
  [
    'three attempts told as warnings and by their span',
    3,
    [spanOf(1, 0, []), spanOf(2, 1, [1_000, 4_000, 8_000])],
    [warningOf(2, 1_001), warningOf(2, 4_001), warningOf(2, 8_001), logOf(2, 8_002)],
  ],
];

function isWarning(item: { span: object } | { record: object }): boolean {
  return 'record' in item && 'severityNumber' in item.record && item.record.severityNumber === 13;
}

for (const [what, count, spans, records] of CASES) {
  test(`${what}: ${count} in any order and portions`, async () => {
    const items = [...spans.map((span) => ({ span })), ...records.map((one) => ({ record: one }))];
    const delivery = fc.tuple(
      fc.shuffledSubarray(items, { minLength: items.length }),
      fc.shuffledSubarray(items),
      fc.integer({ min: 1, max: items.length }),
    );
    await fc.assert(
      fc.asyncProperty(delivery, async ([all, again, size]) => {
        const mapped = new Mapped();
        const sent = [...all, ...again];
        for (let at = 0; at < sent.length; at += size) {
          // The same warning twice in one request is two attempts.
          const some = sent
            .slice(at, at + size)
            .filter((one, place, all) => !isWarning(one) || all.indexOf(one) === place);
          const [inSpans, inRecords] = [
            some.flatMap((one) => ('span' in one ? [one.span] : [])),
            some.flatMap((one) => ('record' in one ? [one.record] : [])),
          ];
          if (inSpans.length > 0) await mapped.send('traces', traces(inSpans));
          if (inRecords.length > 0) await mapped.send('logs', logs(inRecords));
        }
        assert.equal(mapped.rows().filter(({ message }) => message.includes('no dog')).length, count);
      }),
      RUNS,
    );
  });
}
