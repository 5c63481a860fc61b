import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { Command } from 'commander';
import fc from 'fast-check';
import { furtherBack, limitOption, noteLimit, parseSince, parseSpan, parseUntil } from '../../src/cli/arguments.ts';
import { hourly } from '../../src/cli/issue/report.ts';
import { issueColumns, latencyColumns, logColumns, releaseColumns } from '../../src/cli/output/columns.ts';
import { escapeLine, escapeLines, safeJson } from '../../src/cli/output/escape.ts';
import { ago, count, latency, shortTime, sparkline } from '../../src/cli/output/format.ts';
import { type Column, renderTable } from '../../src/cli/output/table.ts';
import { PLAIN, type Terminal } from '../../src/cli/output/terminal.ts';
import { cutTo, displayWidth } from '../../src/cli/output/width.ts';
import type { Issue } from '../../src/query/issues.ts';
import type { OperationLatency, ReleaseLatency } from '../../src/query/latency.ts';
import type { LogEntry } from '../../src/query/recent-logs.ts';
import { UNSAFE } from '../support/unsafe.ts';

describe('text from outside', () => {
  const cases: [what: string, given: string, shown: string][] = [
    ['plain text', 'no dog 7', 'no dog 7'],
    ['umlauts, CJK and emoji', 'Größe 犬 🐕', 'Größe 犬 🐕'],
    ['a forged line', 'x\r\n2026 ADMIN ok', 'x\\r\\n2026 ADMIN ok'],
    ['an ANSI colour', '\x1b[31mred\x1b[0m', '\\x1b[31mred\\x1b[0m'],
    ['a window title (OSC)', '\x1b]0;pwned\x07', '\\x1b]0;pwned\\x07'],
    ['the clipboard (OSC 52)', '\x1b]52;c;cm0gLXJm\x1b\\', '\\x1b]52;c;cm0gLXJm\\x1b\\'],
    ['C1 CSI', '\x9b31m', '\\x9b31m'],
    ['DEL and NUL', 'a\x7f\0b', 'a\\x7f\\x00b'],
    ['backspaces', 'safe\b\b\b\bevil', 'safe\\x08\\x08\\x08\\x08evil'],
    ['a tab', 'a\tb', 'a\\tb'],
    ['a bidi override', 'user\u202egnp.exe', 'user\\u202egnp.exe'],
    ['bidi isolates', '\u2066a\u2069', '\\u2066a\\u2069'],
    ['zero width', 'ad\u200bmin\u2060\ufeff', 'ad\\u200bmin\\u2060\\ufeff'],
    ['line and paragraph separators', 'a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
    ['a soft hyphen', 'a\u00adb', 'a\\xadb'],
    ['tag characters', 'a\u{e0041}b', 'a\\u{e0041}b'],
    ['a lone surrogate', 'a\ud83d', 'a\\ud83d'],
    ['a blank letter', 'a\u3164b', 'a\\u3164b'],
  ];
  for (const [what, given, shown] of cases)
    test(`${what} is shown as text on one line`, () => {
      assert.equal(escapeLine(given), shown);
      assert.doesNotMatch(escapeLine(given), UNSAFE);
    });

  test('in a stack line breaks stay, and nothing else that moves the cursor', () => {
    assert.equal(escapeLines('Error: x\r\n\tat f\x1b[2J\n\u202e'), 'Error: x\n  at f\\x1b[2J\n\\u202e');
  });

  test('as JSON it means the same to a program, and is as harmless', () => {
    const value = Object.fromEntries(cases.map(([what, given]) => [what, given]));
    const text = safeJson(value, 2);
    assert.deepEqual(JSON.parse(text), value);
    assert.doesNotMatch(text, UNSAFE);
    assert.equal(safeJson(undefined), 'null');
  });
});

describe('a table', () => {
  type Row = { id: number; name: string; note: string };
  const columns: Column<Row>[] = [
    { title: 'ID', value: ({ id }) => id, align: 'right' },
    { title: 'NAME', value: ({ name }) => name, min: 6 },
    { title: 'NOTE', value: ({ note }) => note, min: 4, drop: 1 },
  ];
  const rows: Row[] = [
    { id: 1, name: 'Rex', note: 'bites when it is being vaccinated' },
    { id: 12, name: 'Luna of the long name', note: '' },
  ];
  const wide = (width: number): Terminal => ({ ...PLAIN, width });

  test('piped is as wide as its data', () => {
    assert.equal(
      renderTable(rows, columns, PLAIN),
      [
        'ID  NAME                   NOTE',
        ' 1  Rex                    bites when it is being vaccinated',
        '12  Luna of the long name',
      ].join('\n'),
    );
  });

  test('fits every width, cutting the widest column first', () => {
    assert.equal(
      renderTable(rows, columns, wide(40)),
      ['ID  NAME               NOTE', ' 1  Rex                bites when it is…', '12  Luna of the long…'].join('\n'),
    );
    for (let width = 20; width < 120; width++)
      for (const line of renderTable(rows, columns, wide(width)).split('\n'))
        assert.ok(displayWidth(line) <= width, `${width}: ${line}`);
  });

  test('leaves out what may be left out where there is no room', () => {
    const narrow = columns.map((column) => ({ ...column, min: column.min && 9 }));
    assert.equal(renderTable(rows, narrow, wide(22)), ['ID  NAME', ' 1  Rex', '12  Luna of the long …'].join('\n'));
  });

  test('is never wider than the terminal, whatever it shows', () => {
    const long = 'of the very long name that 犬犬犬 have given it';
    const issue = {
      ...{ friendly_id: 'CHECKOUTSE-12345', level: 'CRITICAL', flags: ['regressed', 'escalating'], count: 1_234_567 },
      ...{ last_seen: new Date(0), first_seen: new Date(0), status: 'resolved', service: `service ${long}` },
      ...{ type: `TypeError ${long}`, title: `x ${long}`, culprit: `f ${long}` },
    } as unknown as Issue;
    const log = {
      ...{ created_at: new Date(0), level: 'CRITICAL', error_type: long, message: long, http_method: 'GET' },
      ...{ route: long, http_status: 500, latency_ms: 99.7, request_id: long },
    } as unknown as LogEntry;
    const operation = {
      ...{ kind: 'messaging', http_method: 'GET', operation: long, peer: long, service: long, count: 1_234_567 },
      ...{ error_share: 0.5, mean_ms: 99.7, p50_ms: 842, p95_ms: 123_456, p99_ms: 123_456, max_ms: 1e9 },
      ...{ p95_change: 12, release_version: long, first_seen: new Date(0) },
    } as unknown as OperationLatency & ReleaseLatency;
    for (let width = 20; width <= 200; width++)
      for (const [title, text] of [
        ['ID', renderTable([issue], issueColumns(), wide(width))],
        ['TIME', renderTable([log], logColumns(), wide(width))],
        ['', renderTable([operation], latencyColumns(), wide(width))],
        ['', renderTable([operation], releaseColumns(), wide(width))],
      ] as const) {
        assert.ok(text.startsWith(title), `${width}: ${text}`);
        for (const line of text.split('\n')) assert.ok(displayWidth(line) <= width, `${width}: ${line}`);
      }
    const narrow = (rows: string) => rows.split('\n')[0]!.split(/ {2,}/);
    assert.deepEqual(narrow(renderTable([issue], issueColumns(), wide(40))), ['ID', 'TITLE']);
    assert.deepEqual(narrow(renderTable([log], logColumns(), wide(40))), ['TIME', 'MESSAGE']);
    assert.deepEqual(narrow(renderTable([operation], latencyColumns(), wide(40))), ['OPERATION', 'COUNT', 'P95']);
  });

  test('leaves out columns without any value', () => {
    assert.equal(renderTable([{ id: 1, name: 'Rex', note: '' }], columns, PLAIN), 'ID  NAME\n 1  Rex');
  });

  test('keeps its columns with wide characters, and its rows with line breaks in data', () => {
    const odd = [
      { id: 1, name: '犬犬', note: 'x' },
      { id: 2, name: 'a\nb', note: 'y' },
    ];
    assert.equal(renderTable(odd, columns, PLAIN), ['ID  NAME  NOTE', ' 1  犬犬  x', ' 2  a\\nb  y'].join('\n'));
  });

  test('cuts whole characters', () => {
    assert.equal(cutTo('犬犬犬', 4), '犬…');
    assert.equal(cutTo('abc', 3), 'abc');
    assert.equal(cutTo('e\u0301e\u0301e\u0301', 2), 'e\u0301…');
  });
});

describe('values', () => {
  const now = new Date(2026, 5, 15, 12, 0, 0);

  test('times carry the day unless it is today', () => {
    assert.equal(shortTime(new Date(2026, 5, 15, 9, 5, 7), now), '09:05:07');
    assert.equal(shortTime(new Date(2026, 5, 14, 9, 5, 7), now), '06-14 09:05:07');
    assert.equal(shortTime(new Date(2025, 5, 14, 9, 5, 7), now), '2025-06-14 09:05:07');
    assert.equal(shortTime(null), '');
  });

  test('spans, latencies and counts are short', () => {
    const seconds = (n: number) => now.getTime() - n * 1000;
    assert.deepEqual(
      [-5, 0, 59, 60, 3599, 7200, 200_000].map((n) => ago(seconds(n), now.getTime())),
      ['0s ago', '0s ago', '59s ago', '1m ago', '59m ago', '2h ago', '2d ago'],
    );
    assert.deepEqual([0.123, 7, 7.14, 842.4, 2345, null].map(latency), [
      '0.12 ms',
      '7 ms',
      '7.1 ms',
      '842 ms',
      '2.35 s',
      '',
    ]);
    assert.deepEqual([7, 1234, 1234567].map(count), ['7', '1,234', '1,234,567']);
  });

  test('a latency of any magnitude is a plain number of two digits and more, and none is out of order', () => {
    const read = (text: string) => {
      const [, number, unit] = /^<?(\d+(?:\.\d+)?) (ms|s|min|h|d)$/.exec(text) ?? assert.fail(text);
      return Number(number) * { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }[unit!]!;
    };
    const check = (millis: number) => {
      const text = latency(millis);
      const shown = read(text);
      const off = Math.abs(shown - millis) / millis;
      assert.ok(millis < 0.001 ? shown === 0.001 : off <= (millis < 99.5 ? 0.051 : 0.0051), `${millis}: ${text}`);
      assert.ok(text.endsWith(' ms') === shown < 1000, `${millis}: ${text}`);
      assert.ok(!/ (s|min)$/.test(text) || Number.parseFloat(text) <= 120, `${millis}: ${text}`);
      assert.ok(text.length <= 9 || millis > 1e6, `${millis}: ${text}`);
      return shown;
    };
    for (let exponent = -9; exponent <= 12; exponent++)
      for (const mantissa of [1, 1.0000001, 1.5, 9.4, 9.49, 9.5, 9.94, 9.95, 9.951, 9.99, 9.995, 9.99951, 9.9999999])
        check(mantissa * 10 ** exponent);
    const magnitude = fc.tuple(fc.integer({ min: -9, max: 12 }), fc.double({ min: 1, max: 10, noNaN: true }));
    fc.assert(
      fc.property(magnitude, magnitude, ([a, x], [b, y]) => {
        const [low, high] = [x * 10 ** a, y * 10 ** b].sort((one, other) => one - other) as [number, number];
        assert.ok(check(low) <= check(high), `${low} ${high}`);
      }),
      { numRuns: 2_000 },
    );
    assert.deepEqual([119_990, 150_000, 45 * 60_000, 43_200_000, 193_536_000].map(latency), [
      ...['119.99 s', '2.50 min', '45.00 min', '12.00 h', '2.24 d'],
    ]);
    assert.deepEqual([99.4, 99.7, 100, 999.4, 999.6, 1000, 0, -3.14, -250.2].map(latency), [
      ...['99 ms', '100 ms', '100 ms', '999 ms', '1.00 s', '1.00 s', '0 ms', '-3.1 ms', '-250 ms'],
    ]);
  });

  test('a sparkline tells nothing from little', () => {
    assert.equal(sparkline([0, 1, 4, 8]), '·▁▄█');
    assert.equal(sparkline([0, 0]), '··');
    const hour = (back: number) => new Date(Math.floor(now.getTime() / 3_600_000 - back) * 3_600_000);
    const counts = [
      { hour: hour(30), count: 9 },
      { hour: hour(2), count: 1 },
      { hour: hour(0), count: 8 },
    ];
    assert.equal(hourly(counts, now.getTime()), `${'·'.repeat(21)}▁·█`);
  });

  test('--since takes spans and dates and refuses the rest', () => {
    const at = (text: string) => parseSince(text, now.getTime()).getTime() - now.getTime();
    assert.deepEqual(['30s', '15m', '24h', '7d', '2w'].map(at), [-30e3, -9e5, -864e5, -6048e5, -12096e5]);
    assert.equal(parseSince('2026-01-31T12:00Z').toISOString(), '2026-01-31T12:00:00.000Z');
    for (const text of ['', 'bla', '24', '-3h', '1y', '2026-13-01', "1h'; drop"])
      assert.throws(() => parseSince(text), /Expected a span/);
  });

  test('a time is what a calendar and Postgres know, and nothing stands behind it', () => {
    const odd = [
      '2026-02-30',
      '2026-02-29',
      '2026-11-28 (x)',
      '2026-11-28Z',
      '2026-1-31',
      '26-01-31',
      '1M',
      '2W',
      '1 h m',
    ];
    const clocks = ['T24:00', 'T12', 'T12:60', 'T12:00:61', 'T12:00+25:00', 'T12:00+02:60', 'T12:00z', 'T12:00 UTC'];
    const far = [
      '999999d',
      '999999w',
      '0000-01-01',
      '0000-12-31T23:59Z',
      '0001-01-01T00:00+02:00',
      '9999-12-31T23:59-02:00',
    ];
    for (const text of [...odd, ...clocks.map((clock) => `2026-11-28${clock}`), ...far, '10000-01-01', '-000001-01-01'])
      assert.throws(() => parseSince(text), /Expected a span like 30m, 24h or 7d, or a date like 2026-01-31/, text);
    for (const [text, iso] of [
      ['2024-02-29T00:00Z', '2024-02-29T00:00:00.000Z'],
      ['2026-11-28 10:20:30.5+05:30', '2026-11-28T04:50:30.500Z'],
      ['2026-11-28T10:20-0130', '2026-11-28T11:50:00.000Z'],
      ['0001-01-02T00:00Z', '0001-01-02T00:00:00.000Z'],
      [' 9999-12-30T23:59:59.999999Z ', '9999-12-30T23:59:59.999Z'],
    ] as const)
      assert.equal(parseSince(text).toISOString(), iso, text);
  });

  test('a date is the midnight where one is, as times are shown', () => {
    assert.equal(parseSince('2026-11-28').getTime(), new Date(2026, 10, 28).getTime());
    assert.equal(parseSince('2026-11-28').getTime(), parseSince('2026-11-28T00:00').getTime());
    const script = `import { parseSince } from ${JSON.stringify(import.meta.resolve('../../src/cli/arguments.ts'))};
      console.log(parseSince('2026-11-28').toISOString(), parseSince('2026-06-28').toISOString())`;
    const args = ['--input-type=module', '--eval', script];
    const env = { ...process.env, TZ: 'America/New_York' };
    assert.equal(
      execFileSync(process.execPath, args, { env, encoding: 'utf8' }),
      '2026-11-28T05:00:00.000Z 2026-06-28T04:00:00.000Z\n',
    );
  });

  test('--until is bounded, too, and --per reads spans alike', () => {
    for (const text of ['999999w', '1W', '2026-02-30', '10000-01-01', '2020-01-01', '0s'])
      assert.throws(() => parseUntil(text, now.getTime()), /Expected a (time to come|span)/, text);
    assert.equal(parseUntil('2w', now.getTime()).getTime() - now.getTime(), 12096e5);
    for (const text of ['0m', '1H', 'x']) assert.throws(() => parseSpan(text), /Expected a span/, text);
  });
});

test('where nothing was found the next longer time is named, if there is one', () => {
  const after = (text: string) => furtherBack(parseSince(text));
  assert.deepEqual(['1h', '24h', '6d', '7d', '30d', '2020-01-01'].map(after), [
    '; look further back with --since 24h',
    '; look further back with --since 7d',
    '; look further back with --since 7d',
    '; look further back with --since 30d',
    '',
    '',
  ]);
});

test('a list that the default cut says so, one that was asked for like that does not', (t) => {
  const said: unknown[] = [];
  t.mock.method(process.stderr, 'write', (text: unknown) => said.push(text) > 0);
  const after = (shown: number, ...words: string[]) => {
    const command = new Command().addOption(limitOption(50)).parse(words, { from: 'user' });
    noteLimit(command, shown);
    return said.splice(0).join('');
  };
  const found = [after(49), after(50, '--limit', '50'), after(50)];
  t.mock.restoreAll();
  assert.deepEqual(found, ['', '', 'rowtrace: the first 50; --limit 500 shows more, if there are more\n']);
});
