// Hostile bodies: mutated payloads never crash the decoders or keep them busy, and both encodings tell the same. By hand
// with more: ROWTRACE_FUZZ_RUNS=1000000 npm test -- test/receive/fuzz

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decode } from '../../src/receive/decode/decode.ts';
import { DecodeError, TooManyError } from '../../src/receive/decode/decode-error.ts';
import type { Signal } from '../../src/receive/signals.ts';
import {
  anyValue,
  attributes,
  exceptionEvent,
  logs,
  metrics,
  record,
  span,
  toProtobuf,
  traces,
} from '../support/otlp.ts';
import { processorMillis } from '../support/processor-time.ts';

const RUNS = Number(process.env.ROWTRACE_FUZZ_RUNS ?? 20_000);

const point = {
  count: '3',
  sum: 1.5,
  bucketCounts: ['1', '2'],
  explicitBounds: [0.5],
  attributes: attributes({ a: 1 }),
};
const exponential = { count: '3', scale: 2, positive: { offset: -3, bucketCounts: ['1', '2'] } };
const SEEDS: [Signal, object][] = [
  [
    'traces',
    traces([
      span('1', {
        events: [exceptionEvent('E', 'm', 'stack')],
        attributes: attributes({ a: 'b', n: -5, d: 1.5, l: [1, 'x', { y: true }] }),
      }),
      span('2'),
    ]),
  ],
  [
    'logs',
    logs([
      record(
        { message: 'hello', list: [1, 2, [3]] },
        { attributes: attributes({ a: 'ü€𝄞', b: 12345678901234567890n }) },
      ),
    ]),
  ],
  [
    'metrics',
    metrics([
      { name: 'h', unit: 's', histogram: { dataPoints: [point], aggregationTemporality: 1 } },
      { name: 'e', exponentialHistogram: { dataPoints: [exponential] } },
    ]),
  ],
];

test(`${RUNS} mutated payloads of each signal: signals or a DecodeError, never anything else, never for long`, () => {
  let seed = 42;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return seed % below;
  };
  let longest = 0;
  for (const [signal, json] of SEEDS) {
    for (const [encoding, whole] of [
      ['protobuf', toProtobuf(signal, json)],
      ['json', Buffer.from(JSON.stringify(json))],
    ] as const) {
      for (let run = 0; run < RUNS / 2; run++) {
        let bytes = Uint8Array.from(whole);
        for (let change = random(4); change >= 0; change--) {
          const at = random(bytes.length);
          const kind = random(5);
          if (kind === 0) bytes[at] = random(256);
          else if (kind === 1) bytes[at]! ^= 1 << random(8);
          else if (kind === 2) bytes = bytes.subarray(0, Math.max(1, at));
          else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(bytes.length))]);
          else bytes.fill(0xff, at, at + 10);
        }
        const read = () => {
          try {
            decode(signal, encoding, bytes);
          } catch (error) {
            if (!(error instanceof DecodeError))
              throw new Error(`${signal} ${encoding} ${Buffer.from(bytes).toString('hex')}`, { cause: error });
          }
        };
        let took = processorMillis(read);
        // The collector's doing, or the payload's? What a payload costs it costs again.
        if (took > 20) took = Math.min(took, processorMillis(read, 3));
        longest = Math.max(longest, took);
      }
    }
  }
  // A payload of a few hundred bytes takes microseconds.
  assert.ok(longest < 100, `${longest} ms`);
});

test('both encodings of any attributes are read alike', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.string({ unit: 'binary' }),
      fc.boolean(),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true }).filter((n) => Number.isFinite(n) && !Number.isInteger(n)),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(fc.string({ minLength: 1 }), tie('any'), { maxKeys: 4 }),
    ),
  })).any;
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1 }), value, { maxKeys: 6 }), value, (tags, body) => {
      const wellFormed = JSON.parse(
        JSON.stringify({ tags, body }, (_key, inner) => (typeof inner === 'string' ? inner.toWellFormed() : inner)),
      );
      const json = logs([{ body: anyValue(wellFormed.body), attributes: attributes(wellFormed.tags) }]);
      const [fromJson] = decode('logs', 'json', Buffer.from(JSON.stringify(json))).groups[0]!.scopes[0]!.items;
      const [fromBytes] = decode('logs', 'protobuf', toProtobuf('logs', json)).groups[0]!.scopes[0]!.items;
      assert.deepEqual(fromBytes!.attributes, fromJson!.attributes);
      assert.deepEqual(fromBytes!.body, fromJson!.body);
    }),
    { numRuns: 300 },
  );
});

function nested(depth: number): Uint8Array {
  let value: Buffer = Buffer.from([10, 1, 0x78]);
  for (let level = 0; level < depth; level++) {
    const inner = prefixed(10, value);
    value = prefixed(42, inner);
  }
  return prefixed(10, prefixed(18, prefixed(18, prefixed(42, value))));
}

function prefixed(tag: number, bytes: Uint8Array): Buffer {
  const size: number[] = [];
  for (let left = bytes.length; ; left >>>= 7) {
    if (left < 128) {
      size.push(left);
      break;
    }
    size.push((left & 127) | 128);
  }
  return Buffer.concat([Buffer.from([tag, ...size]), bytes]);
}

test('values nested beyond the bound, JSON of brackets, and items beyond the bound are refused at once', () => {
  decode('logs', 'protobuf', nested(20));
  assert.throws(() => decode('logs', 'protobuf', nested(40)), DecodeError);
  assert.throws(() => decode('logs', 'protobuf', nested(10_000)), DecodeError);
  // Small, but what was read of it could not be written again.
  assert.throws(() => decode('logs', 'json', Buffer.from('['.repeat(30_000) + ']'.repeat(30_000))), DecodeError);
  const start = process.threadCpuUsage();
  assert.throws(() => decode('logs', 'json', Buffer.alloc(20 * 1024 * 1024, '[')), DecodeError);
  assert.throws(() => decode('logs', 'json', Buffer.alloc(20 * 1024 * 1024, '{}[],')), DecodeError);
  // 10 million empty spans in 20 MiB.
  const spans = Buffer.alloc(20 * 1024 * 1024 - 32);
  for (let at = 0; at < spans.length; at += 2) spans[at] = 18;
  assert.throws(() => decode('traces', 'protobuf', prefixed(10, prefixed(18, spans))), TooManyError);
  assert.ok(process.threadCpuUsage(start).user < 5_000_000);
});

test('an id of another length than a trace’s or a span’s is none, in both encodings', () => {
  const [long, short] = ['ab'.repeat(1_000), 'abcd'];
  const given = logs([
    record('a', { traceId: 'ab'.repeat(16), spanId: 'ab'.repeat(8) }),
    record('b', { traceId: long, spanId: short }),
  ]);
  const forms = [
    decode('logs', 'json', Buffer.from(JSON.stringify(given))),
    decode('logs', 'protobuf', toProtobuf('logs', given)),
  ];
  for (const { groups } of forms)
    assert.deepEqual(
      groups[0]!.scopes[0]!.items.map(({ traceId, spanId }) => [traceId, spanId]),
      [
        ['ab'.repeat(16), 'ab'.repeat(8)],
        ['', ''],
      ],
    );
});

test('keys called __proto__ or constructor stay data, in both encodings', () => {
  const text =
    '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[{"key":"__proto__","value":{"kvlistValue":{"values":[{"key":"polluted","value":{"boolValue":true}}]}}},{"key":"constructor","value":{"stringValue":"x"}}]}]}]}]}';
  const bytes = toProtobuf('logs', JSON.parse(text));
  for (const { groups } of [decode('logs', 'json', Buffer.from(text)), decode('logs', 'protobuf', bytes)]) {
    const { attributes: read } = groups[0]!.scopes[0]!.items[0]!;
    assert.deepEqual(Object.keys(read), ['__proto__', 'constructor']);
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  }
});
