// What the OTLP specification says of OTLP/HTTP servers (docs/specification.md of opentelemetry-proto), each statement a
// test. One receiver for all.

import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import * as zlib from 'node:zlib';
import { OPEN_BYTES } from '../../src/receive/http/budget.ts';
import { attributes, decodeMessage, logs, record, type SignalName, span, toProtobuf, traces } from '../support/otlp.ts';
import { receiverFor } from '../support/receiver.ts';

const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const JSON_TYPE = { 'content-type': 'application/json' };
const LIMIT = 64 * 1024;

test('OTLP/HTTP', async (t) => {
  const receiver = await receiverFor(t, {}, { maxBodyBytes: LIMIT });
  const { post } = receiver;
  const one = logs([record('one')]);

  for (const signal of ['traces', 'logs', 'metrics'] as SignalName[]) {
    await t.test(`an empty request to /v1/${signal} is answered with success, partial_success unset`, async () => {
      const binary = await post(`/v1/${signal}`, new Uint8Array(0), PROTOBUF);
      assert.equal(binary.status, 200);
      assert.equal(binary.headers.get('content-type'), 'application/x-protobuf');
      assert.equal((await binary.arrayBuffer()).byteLength, 0);
      const json = await post(`/v1/${signal}`, '{}', JSON_TYPE);
      assert.equal(json.status, 200);
      assert.equal(json.headers.get('content-type'), 'application/json');
      assert.equal(await json.text(), '{}');
    });
  }

  await t.test('the response has the content type of the request, parameters aside', async () => {
    const answer = await post('/v1/logs', JSON.stringify(one), { 'content-type': 'application/json; charset=utf-8' });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'application/json');
    const binary = await post('/v1/logs', toProtobuf('logs', one), PROTOBUF);
    assert.equal(binary.headers.get('content-type'), 'application/x-protobuf');
  });

  await t.test('part of the data rejected: 200, rejected_spans and error_message', async () => {
    const request = traces([span('1'), span('2', { traceId: '' }), span('3', { spanId: '0'.repeat(16) })]);
    const json = await post('/v1/traces', JSON.stringify(request), JSON_TYPE);
    assert.equal(json.status, 200);
    const { partialSuccess } = (await json.json()) as { partialSuccess: Record<string, string> };
    assert.equal(partialSuccess.rejectedSpans, '2');
    assert.match(partialSuccess.errorMessage!, /trace_id of 16 bytes/);
    const binary = await post('/v1/traces', toProtobuf('traces', request), PROTOBUF);
    const answer = decodeMessage('Response', new Uint8Array(await binary.arrayBuffer()));
    assert.equal((answer.partialSuccess as { rejected: number }).rejected, 2);
  });

  await t.test('a warning though all is accepted: rejected is 0, error_message is not empty', async () => {
    const answer = await post('/v1/logs', '{"resource_logs":[{"scope_logs":[]}]}', JSON_TYPE);
    assert.equal(answer.status, 200);
    const { partialSuccess } = (await answer.json()) as { partialSuccess: Record<string, string> };
    assert.deepEqual(Object.keys(partialSuccess), ['errorMessage']);
    assert.match(partialSuccess.errorMessage!, /resource_logs/);
  });

  await t.test('bad data: 400, with a Status that holds a BadRequest, in the encoding of the request', async () => {
    const json = await post('/v1/logs', '{"resourceLogs":', JSON_TYPE);
    assert.equal(json.status, 400);
    const status = (await json.json()) as {
      message: string;
      details: { '@type': string; fieldViolations: object[] }[];
    };
    assert.match(status.message, /not JSON/);
    assert.equal(status.details[0]!['@type'], 'type.googleapis.com/google.rpc.BadRequest');
    assert.equal(status.details[0]!.fieldViolations.length, 1);
    const binary = await post('/v1/logs', new Uint8Array([10, 200, 1]), PROTOBUF);
    assert.equal(binary.status, 400);
    assert.equal(binary.headers.get('content-type'), 'application/x-protobuf');
    const decoded = decodeMessage('RpcStatus', new Uint8Array(await binary.arrayBuffer()));
    assert.match(String(decoded.message), /beyond the end|protobuf/);
    const [detail] = decoded.details as { typeUrl: string; value: Uint8Array }[];
    assert.equal(detail!.typeUrl, 'type.googleapis.com/google.rpc.BadRequest');
    assert.equal((decodeMessage('BadRequest', detail!.value).fieldViolations as object[]).length, 1);
  });

  await t.test('fields with unknown names are ignored', async () => {
    const answer = await post('/v1/logs', JSON.stringify({ ...one, newField: { a: [1] } }), JSON_TYPE);
    assert.equal(answer.status, 200);
    assert.equal(await answer.text(), '{}');
  });

  await t.test('ids are case-insensitive hex, enums are integers, 64-bit integers text or number', async () => {
    const now = Date.now() * 1e6;
    const upper = span('a', {
      traceId: 'ABCDEF0123456789ABCDEF0123456789',
      spanId: 'ABCDEF0123456789',
      startTimeUnixNano: now,
      endTimeUnixNano: String(now),
      status: { code: 2 },
    });
    const attribute = { key: 'n', value: { intValue: 7 } };
    const answer = await post(
      '/v1/traces',
      JSON.stringify(traces([{ ...upper, attributes: [attribute, ...attributes({ m: 8 })] }])),
      JSON_TYPE,
    );
    assert.equal(await answer.text(), '{}');
    const made = await rowOf(receiver, 'abcdef0123456789abcdef0123456789');
    assert.equal(made.span_id, 'abcdef0123456789');
    assert.deepEqual(made.tags, { n: 7, m: 8 });
    const named = await post(
      '/v1/traces',
      JSON.stringify(traces([span('b', { kind: 'SPAN_KIND_SERVER' })])),
      JSON_TYPE,
    );
    assert.equal(named.status, 400);
  });

  await t.test('the body is limited: 413, with or without a length', async () => {
    const large = JSON.stringify(logs([record('x'.repeat(LIMIT))]));
    const told = await post('/v1/logs', large, JSON_TYPE);
    assert.equal(told.status, 413);
    assert.match(((await told.json()) as { message: string }).message, /larger than 65536/);
    assert.equal((await chunked(receiver.port, large, JSON_TYPE)).status, 413);
  });

  await t.test('the limit holds after decompression', async () => {
    const bomb = zlib.gzipSync(Buffer.alloc(LIMIT * 100));
    assert.ok(bomb.length < LIMIT);
    const answer = await post('/v1/logs', bomb, { ...PROTOBUF, 'content-encoding': 'gzip' });
    assert.equal(answer.status, 413);
  });

  const compress: Record<string, (bytes: Uint8Array) => Uint8Array> = {
    gzip: zlib.gzipSync,
    deflate: zlib.deflateSync,
    ...('zstdCompressSync' in zlib ? { zstd: zlib.zstdCompressSync } : {}),
  };
  for (const [encoding, pack] of Object.entries(compress)) {
    await t.test(`Content-Encoding ${encoding} is understood`, async () => {
      const answer = await post('/v1/logs', pack(toProtobuf('logs', one)), {
        ...PROTOBUF,
        'content-encoding': encoding,
      });
      assert.equal(answer.status, 200);
      assert.equal((await answer.arrayBuffer()).byteLength, 0);
    });
  }

  for (const encoding of ['br', 'snappy', 'gzip, gzip', '__proto__']) {
    await t.test(`Content-Encoding ${encoding}: 415, and which there are`, async () => {
      const answer = await post('/v1/logs', 'x', { ...PROTOBUF, 'content-encoding': encoding });
      assert.equal(answer.status, 415);
      assert.match(answer.headers.get('accept-encoding') ?? '', /^gzip, deflate/);
    });
  }

  await t.test('a broken compressed stream is bad data: 400', async () => {
    const whole = zlib.gzipSync(toProtobuf('logs', one));
    for (const broken of [whole.subarray(0, whole.length - 6), Buffer.from('no gzip'), new Uint8Array(0)]) {
      const answer = await post('/v1/logs', broken, { ...PROTOBUF, 'content-encoding': 'gzip' });
      assert.equal(answer.status, 400);
    }
  });

  await t.test('a content type that is neither: 415 with a Status', async () => {
    for (const type of ['text/plain', 'application/grpc', 'multipart/form-data']) {
      const answer = await post('/v1/logs', 'x', { 'content-type': type });
      assert.equal(answer.status, 415);
      assert.match(((await answer.json()) as { message: string }).message, /x-protobuf or application\/json/);
    }
  });

  await t.test('other methods: 405 with Allow; other addresses: 404; no CORS headers by default', async () => {
    const get = await fetch(`${receiver.url}/v1/traces`);
    assert.equal(get.status, 405);
    assert.equal(get.headers.get('allow'), 'POST');
    const preflight = await fetch(`${receiver.url}/v1/traces`, {
      method: 'OPTIONS',
      headers: { origin: 'http://a.example' },
    });
    assert.equal(preflight.status, 405);
    assert.equal(preflight.headers.get('access-control-allow-origin'), null);
    assert.equal((await post('/v1development/profiles', '', PROTOBUF)).status, 404);
    assert.equal((await post('/v1/logs/', '', PROTOBUF)).status, 404);
    assert.equal((await post('/__proto__', '', PROTOBUF)).status, 404);
  });

  await t.test('the connection is kept alive between requests', async () => {
    const answer = await post('/v1/logs', '{}', JSON_TYPE);
    assert.equal(answer.headers.get('connection'), 'keep-alive');
  });
});

test('an overloaded receiver answers 503 with Retry-After, and a sender over its rate 429', async (t) => {
  const { post } = await receiverFor(t, {}, { maxBytesInFlight: OPEN_BYTES + 1_000, itemsPerSecond: 1 });
  const large = await post('/v1/logs', JSON.stringify(logs([record('x'.repeat(2_000))])), JSON_TYPE);
  assert.equal(large.status, 503);
  assert.equal(large.headers.get('retry-after'), '1');
  const many = JSON.stringify(logs(Array.from({ length: 25 }, () => ({}))));
  assert.equal((await post('/v1/logs', many, JSON_TYPE)).status, 200);
  const over = await post('/v1/logs', '{}', JSON_TYPE);
  assert.equal(over.status, 429);
  assert.ok(Number(over.headers.get('retry-after')) >= 5);
  assert.match(((await over.json()) as { message: string }).message, /items a second/);
});

async function rowOf(
  receiver: Awaited<ReturnType<typeof receiverFor>>,
  traceId: string,
): Promise<Record<string, unknown>> {
  for (;;) {
    const [row] = await receiver.db.query('select * from rowtrace.error_logs where trace_id = $1', [traceId]);
    if (row) return row;
    await new Promise((later) => setTimeout(later, 20));
  }
}

function chunked(port: number, body: string, headers: Record<string, string>): Promise<{ status: number }> {
  return new Promise((resolve, reject) => {
    const sending = request({ port, path: '/v1/logs', method: 'POST', headers }, (response) => {
      response.resume();
      resolve({ status: response.statusCode! });
    });
    sending.on('error', reject);
    sending.write(body.slice(0, 100));
    sending.end(body.slice(100));
  });
}
