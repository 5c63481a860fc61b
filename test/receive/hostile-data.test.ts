// Data made to harm whoever stores, reads or shows it (security matrix rows 7 to 11, 14, 35, 36): it stays data, costs what
// its size is worth, and harms nobody.

import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Counters } from '../../src/receive/counters.ts';
import { decode } from '../../src/receive/decode/decode.ts';
import { Receiver } from '../../src/receive/receiver.ts';
import { runCli } from '../support/cli.ts';
import { mapRules } from '../support/map-rules.ts';
import { attributes, logs, record, span, toProtobuf, traces } from '../support/otlp.ts';
import { receiverFor } from '../support/receiver.ts';
import { UNSAFE } from '../support/unsafe.ts';

const HOSTILE = [
  `'; drop table rowtrace.error_logs; --`,
  `x"; drop schema rowtrace cascade; --`,
  `') or 1=1; select pg_sleep(60); --`,
  `$1 $$ \\' \\\\ %_ {"a": 1} {a,b}`,
  `"><script>alert(1)</script>`,
  `=HYPERLINK("http://x")`,
  '$(reboot)`reboot`',
  '../../../../tmp/x',
  '\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]52;c;cm0gLXJm\x07',
  '\x9b31m \x85 \x7f \b\b\b',
  'x\r\n2026-01-01 CRITICAL forged',
  'user\u202egnp.exe \u200b\u2060\u2066',
];

test('SQL, markup, escapes and forged lines in every field are stored as they are, and harm neither tables nor terminal', async (t) => {
  const receiver = await receiverFor(t);
  for (const text of HOSTILE) {
    const tags = {
      [text]: text,
      'exception.type': text,
      'exception.message': text,
      'code.function': text,
      'user.id': text,
    };
    const resource = {
      'service.name': text,
      'deployment.environment': text,
      'service.version': text,
      'host.name': text,
    };
    const answer = await receiver.json(
      '/v1/logs',
      logs([record(text, { attributes: attributes(tags) })], resource, text),
    );
    assert.equal(answer.status, 200);
    const failed = {
      ...span('1'),
      name: text,
      status: { code: 2, message: text },
      attributes: attributes({ 'http.route': text }),
    };
    assert.equal((await receiver.json('/v1/traces', traces([failed], resource, text))).status, 200);
  }
  await receiver.settled();
  const rows = await receiver.rows<Record<string, unknown>>(HOSTILE.length * 2);
  for (const text of HOSTILE) {
    const row = rows.find(({ error_message }) => error_message === text)!;
    for (const column of [
      'message',
      'error_type',
      'function_name',
      'service',
      'environment',
      'release_version',
      'host',
      'module',
      'user_id',
    ])
      assert.equal(row[column], text, column);
    assert.equal((row.tags as Record<string, unknown>)[text], text);
  }
  for (const command of [['tail', '--no-follow'], ['issues'], ['issues', '--service', HOSTILE[0]!], ['latency']]) {
    const { code, stdout, stderr } = await runCli(t, command, {
      dir: receiver.dir,
      env: { ROWTRACE_DATABASE_URL: receiver.databaseUrl },
    });
    assert.equal(code, 0, stderr);
    assert.ok(stdout.length > 0, command.join(' '));
    assert.doesNotMatch(stdout + stderr, UNSAFE, command.join(' '));
    assert.doesNotMatch(stdout, /^2026-01-01 CRITICAL forged/m);
  }
});

test('keys called __proto__, constructor or prototype stay data on every way in', async (t) => {
  const receiver = await receiverFor(t);
  const key = (name: string) => ({
    key: name,
    value: { kvlistValue: { values: [{ key: 'polluted', value: { boolValue: true } }] } },
  });
  const hostile = ['__proto__', 'constructor', 'prototype'].map(key);
  const json = logs([record('by JSON', { attributes: hostile })]);
  const bytes = toProtobuf('logs', logs([record('by protobuf', { attributes: hostile })]));
  const plain =
    '{"message":"by ingest","extra":{"__proto__":{"polluted":true},"constructor":{"polluted":true},"prototype":1},"__proto__":{"level":"debug"}}';
  await receiver.json('/v1/logs?__proto__[polluted]=1&constructor=x', json);
  await receiver.post('/v1/logs', bytes, { 'content-type': 'application/x-protobuf' });
  await receiver.post('/api/v1/ingest', plain, { 'content-type': 'application/json' });
  for (const row of await receiver.rows<{ message: string; tags: object }>(3)) {
    assert.ok(Object.hasOwn(row.tags, '__proto__') && Object.hasOwn(row.tags, 'constructor'), row.message);
    assert.equal(Object.getPrototypeOf(row.tags), Object.prototype);
  }
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});

test('protobuf that nests without end, ends early or lies about lengths is bad data, and the next request is served', async (t) => {
  const receiver = await receiverFor(t);
  const whole = toProtobuf('logs', logs([record('x', { attributes: attributes({ a: 1 }) })]));
  let deep: object = {};
  for (let depth = 0; depth < 45; depth++) deep = { arrayValue: { values: [deep] } };
  const bodies: Record<string, Uint8Array> = {
    'arrays in arrays': toProtobuf('logs', { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: deep }] }] }] }),
    'the first half': whole.subarray(0, whole.length / 2),
    'a length without end': Buffer.from([10, ...Array(11).fill(0xff)]),
    'a length of 2 GiB': Buffer.from([10, 0xff, 0xff, 0xff, 0xff, 0x07]),
    'field number 0': Buffer.from([2, 1, 0]),
    'groups without end': Buffer.alloc(100_000, 0x0b),
  };
  for (const [what, body] of Object.entries(bodies)) {
    const answer = await receiver.post('/v1/logs', body, { 'content-type': 'application/x-protobuf' });
    assert.equal(answer.status, 400, what);
  }
  assert.equal((await receiver.post('/v1/logs', whole, { 'content-type': 'application/x-protobuf' })).status, 200);
  assert.equal((await receiver.rows(1)).length, 1);
});

test('what is written on the way can be read by nobody else', async (t) => {
  const receiver = await receiverFor(t);
  await receiver.json('/v1/logs', logs([record('x', { attributes: attributes({ 'service.name': '../../etc' }) })]));
  await receiver.rows(1);
  const entries = readdirSync(receiver.dir, { recursive: true, withFileTypes: true });
  // A socket has a mode of its own; what it is in is what counts.
  const paths = entries.filter((entry) => !entry.isSocket()).map((entry) => join(entry.parentPath, entry.name));
  // What was renamed or removed since is none of them.
  const found = paths.flatMap((path) => {
    const mode = statSync(path, { throwIfNoEntry: false })?.mode;
    return mode === undefined ? [] : [{ path, mode }];
  });
  assert.ok(found.length > 2);
  for (const { path, mode } of found) assert.equal(mode & 0o077, 0, path);
});

/** Texts that make a careless pattern look back over and over. */
const ADVERSARIAL: Record<string, (chars: number) => string> = {
  'one letter': (chars) => 'a'.repeat(chars),
  blanks: (chars) => ' '.repeat(chars),
  'opening brackets': (chars) => '([{<'.repeat(chars / 4),
  quotes: (chars) => `"'`.repeat(chars / 2),
  digits: (chars) => '4111 1111-'.repeat(chars / 10),
  'almost secrets': (chars) => 'password: password='.repeat(chars / 19),
  'almost tokens': (chars) => `eyJ${'a.'.repeat(chars / 2)}`,
  'almost addresses': (chars) => 'a@'.repeat(chars / 2),
  'almost URLs': (chars) => 'a://a:a'.repeat(chars / 7),
  'almost frames': (chars) => '    at a (a:1:\n'.repeat(chars / 15),
  backslashes: (chars) => '\\'.repeat(chars),
};

/** Bodies of n units; what they cost is to grow with n. */
const SHAPES: Record<string, (units: number) => ['logs' | 'traces', object]> = {
  ...Object.fromEntries(
    Object.entries(ADVERSARIAL).map(([name, text]) => [
      `${name} as message, stack and attribute`,
      (units: number): ['logs', object] => {
        const told = attributes({
          'exception.message': text(units * 8),
          'exception.stacktrace': text(units * 32),
          note: text(units * 4),
        });
        return ['logs', logs(Array.from({ length: 8 }, () => record(text(units * 4), { attributes: told })))];
      },
    ]),
  ),
  records: (units) => ['logs', logs(Array.from({ length: units }, (_, at) => record(`no dog ${at}`)))],
  'the same record': (units) => [
    'logs',
    logs(Array.from({ length: units }, () => record('x', { timeUnixNano: '1795000000000000000' }))),
  ],
  attributes: (units) => [
    'logs',
    logs([
      record('x', {
        attributes: attributes(Object.fromEntries(Array.from({ length: units * 4 }, (_, at) => [`k${at}`, at]))),
      }),
    ]),
  ],
  'a chain of spans that failed': (units) => [
    'traces',
    traces(
      Array.from({ length: units }, (_, at) => ({
        ...span('1'),
        spanId: (at + 1).toString(16).padStart(16, '0'),
        parentSpanId: at.toString(16).padStart(16, '0'),
        status: { code: 2 },
      })),
    ),
  ],
  'exceptions on one span': (units) => [
    'traces',
    traces([
      {
        ...span('1'),
        events: Array.from({ length: units }, (_, at) => ({
          name: 'exception',
          attributes: attributes({ 'exception.type': `E${at}` }),
        })),
      },
    ]),
  ],
};

test('what a payload costs grows with its size, and not faster, whatever is in it', async () => {
  const cost = async (signal: 'logs' | 'traces', bytes: Uint8Array, times: number): Promise<number> => {
    const store = { write: async () => {}, fill: () => 0, isStuck: () => false };
    const begin = process.cpuUsage();
    for (let time = 0; time < times; time++) {
      const receiver = new Receiver({ process: 'p', rules: mapRules(), store, counters: new Counters() });
      await receiver.accept(signal, decode(signal, 'protobuf', bytes).groups);
    }
    const { user, system } = process.cpuUsage(begin);
    return user + system;
  };
  for (const [name, shape] of Object.entries(SHAPES)) {
    const [few, many] = [500, 4_000].map((units) => {
      const [signal, json] = shape(units);
      return { signal, bytes: toProtobuf(signal, json) };
    });
    let ratio = Number.POSITIVE_INFINITY;
    // The least of several runs is the payload's, the rest the machine's.
    const least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < 12 && (round < 3 || ratio > 2); round++) {
      least[0] = Math.min(least[0]!, await cost(few!.signal, few!.bytes, 8));
      least[1] = Math.min(least[1]!, await cost(many!.signal, many!.bytes, 1));
      ratio = least[1] / Math.max(least[0], 1_000);
    }
    // One of eight times the size beside eight; a square would cost eight times as much.
    assert.ok(ratio < 3, `${name}: ${ratio.toFixed(1)} times the time of eight an eighth as large`);
  }
});
