// Metrics, and spans of services that send none, become latency histograms.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attributes, metrics, nanos, span, toProtobuf, traces } from '../support/otlp.ts';
import { receiverFor, type TestReceiver } from '../support/receiver.ts';

const MINUTE = 60_000;
/** After the beginning of any receiver here: what a stream counted before it is not stored. */
const start = Math.floor(Date.now() / MINUTE) * MINUTE + 10 * MINUTE;
const server = attributes({
  'http.request.method': 'GET',
  'http.route': '/dogs/{id}',
  'http.response.status_code': 200,
});

function explicit(count: number, more: object = {}) {
  const bucketCounts = [String(0), String(count), '0', '0'];
  return {
    attributes: server,
    startTimeUnixNano: nanos(start),
    timeUnixNano: nanos(start + 10_000),
    count: String(count),
    sum: 0.3 * count,
    bucketCounts,
    explicitBounds: [0.1, 0.5, 1],
    ...more,
  };
}

const histogram = (
  points: object[],
  aggregationTemporality = 1,
  name = 'http.server.request.duration',
  unit = 's',
) => ({
  name,
  unit,
  histogram: { dataPoints: points, aggregationTemporality },
});

async function counts(receiver: TestReceiver): Promise<Record<string, number>> {
  await receiver.settled();
  const rows = await receiver.db.query<{ operation: string; count: number }>(
    'select operation, sum(count)::int as count from rowtrace.latency_histograms group by 1',
  );
  return Object.fromEntries(rows.map(({ operation, count }) => [operation, count]));
}

async function send(receiver: TestReceiver, list: object[]): Promise<string> {
  return (await receiver.json('/v1/metrics', metrics(list))).text();
}

test('explicit buckets, delta: counts are exact, sent again they change nothing', async (t) => {
  const receiver = await receiverFor(t);
  for (let time = 0; time < 2; time++) assert.equal(await send(receiver, [histogram([explicit(10)])]), '{}');
  assert.deepEqual(await counts(receiver), { '/dogs/{id}': 10 });
  const [row] = await receiver.db.query<{
    kind: string;
    http_method: string;
    status_class: string;
    sum: number;
    bucket_start: Date;
  }>('select * from rowtrace.latency_histograms');
  assert.equal(row!.kind, 'server');
  assert.equal(row!.http_method, 'GET');
  assert.equal(row!.status_class, '2xx');
  assert.ok(Math.abs(row!.sum - 3) < 1e-9);
  assert.equal(row!.bucket_start.getTime(), start);
});

test('old names in milliseconds are the same operation', async (t) => {
  const receiver = await receiverFor(t);
  const old = attributes({ 'http.method': 'GET', 'http.route': '/old', 'http.status_code': 200 });
  const point = explicit(4, { attributes: old, sum: 1200, explicitBounds: [100, 500, 1000] });
  await send(receiver, [histogram([point], 1, 'http.server.duration', 'ms')]);
  await receiver.settled();
  const [row] = await receiver.db.query<{
    operation: string;
    sum: number;
    scale: number;
    bucket_offset: number;
    counts: number[];
  }>('select * from rowtrace.latency_histograms');
  assert.equal(row!.operation, '/old');
  assert.ok(Math.abs(row!.sum - 1.2) < 1e-9);
  const upper = 2 ** ((row!.bucket_offset + row!.counts.length) * 2 ** -row!.scale);
  // All inside (100, 500] ms.
  const lower = 2 ** (row!.bucket_offset * 2 ** -row!.scale);
  assert.ok(lower > 0.095 && upper < 0.53, `${lower} to ${upper}`);
});

test('exponential buckets, in protobuf as well', async (t) => {
  const receiver = await receiverFor(t);
  const point = {
    attributes: server,
    startTimeUnixNano: nanos(start),
    timeUnixNano: nanos(start + 10_000),
    count: '7',
    sum: 2.5,
    scale: 3,
    zeroCount: '1',
    positive: { offset: -8, bucketCounts: ['1', '2', '3'] },
  };
  const metric = {
    name: 'http.server.request.duration',
    unit: 's',
    exponentialHistogram: { dataPoints: [point], aggregationTemporality: 1 },
  };
  const answer = await receiver.post('/v1/metrics', toProtobuf('metrics', metrics([metric])), {
    'content-type': 'application/x-protobuf',
  });
  assert.equal(answer.status, 200);
  await receiver.settled();
  const [row] = await receiver.db.query(
    'select scale, zero_count, bucket_offset, counts, count, sum from rowtrace.latency_histograms',
  );
  assert.deepEqual(row, { scale: 3, zero_count: 1, bucket_offset: -8, counts: [1, 2, 3], count: 7, sum: 2.5 });
});

test('cumulative: what is new between two points; a reset begins anew; a repeat is nothing', async (t) => {
  const receiver = await receiverFor(t);
  const point = (count: number, seconds: number, from = start) =>
    explicit(count, { startTimeUnixNano: nanos(from), timeUnixNano: nanos(from + seconds * 1000) });
  await send(receiver, [histogram([point(5, 10)], 2)]);
  await send(receiver, [histogram([point(12, 20)], 2)]);
  await send(receiver, [histogram([point(12, 20)], 2)]);
  assert.deepEqual(await counts(receiver), { '/dogs/{id}': 12 });
  await send(receiver, [histogram([point(3, 10, start + 60_000)], 2)]);
  await send(receiver, [histogram([point(4, 20, start + 60_000)], 2)]);
  assert.deepEqual(await counts(receiver), { '/dogs/{id}': 16 });
});

test('cumulative streams that began before the receiver count from their first point on', async (t) => {
  const receiver = await receiverFor(t);
  const point = (count: number, seconds: number) =>
    explicit(count, { startTimeUnixNano: nanos(start - 3_600_000), timeUnixNano: nanos(start + seconds * 1000) });
  await send(receiver, [histogram([point(1_000, 10)], 2)]);
  assert.deepEqual(await counts(receiver), {});
  await send(receiver, [histogram([point(1_003, 20)], 2)]);
  assert.deepEqual(await counts(receiver), { '/dogs/{id}': 3 });
});

test('two services with one instance id are two senders of cumulative streams', async (t) => {
  const receiver = await receiverFor(t);
  const point = (count: number, seconds: number) => explicit(count, { timeUnixNano: nanos(start + seconds * 1000) });
  const from = (service: object, count: number, seconds: number) =>
    receiver.json(
      '/v1/metrics',
      metrics([histogram([point(count, seconds)], 2)], { ...service, 'service.instance.id': '0' }),
    );
  const services = ['kennel', 'vet', 'kennel'].map((name, at) => ({
    'service.name': name,
    ...(at === 2 ? { 'service.namespace': 'north' } : {}),
  }));
  for (const seconds of [10, 20])
    for (const [at, service] of services.entries()) await from(service, 5 + at, seconds + at);
  assert.deepEqual(await counts(receiver), { '/dogs/{id}': 5 + 6 + 7 });
});

test('cumulative streams that nobody knows the beginning of count from their first point on', async (t) => {
  const receiver = await receiverFor(t);
  const point = (count: number, seconds: number, from: number) =>
    explicit(count, { startTimeUnixNano: nanos(start + from * 1000), timeUnixNano: nanos(start + seconds * 1000) });
  // The first tells its own time as the beginning, the next ones go by that; then it begins anew, again without a beginning.
  for (const one of [point(1_000, 10, 10), point(1_003, 20, 10), point(7, 30, 30), point(9, 40, 30)])
    await send(receiver, [histogram([one], 2)]);
  assert.deepEqual(await counts(receiver), { '/dogs/{id}': 3 + 2 });
  // One that tells every point so.
  for (const count of [9, 12, 20]) {
    const seconds = 40 + count;
    await send(receiver, [histogram([point(count, seconds, seconds)], 2)]);
  }
  assert.deepEqual(await counts(receiver), { '/dogs/{id}': 3 + 2 + 11 });
});

for (const encoding of ['json', 'protobuf'] as const)
  test(`a point that says it has no value stands for nothing: ${encoding}`, async (t) => {
    const receiver = await receiverFor(t);
    const point = (count: number, seconds: number, more: object = {}) => ({
      attributes: server,
      startTimeUnixNano: nanos(start),
      timeUnixNano: nanos(start + seconds * 1000),
      count: String(count),
      sum: count,
      ...more,
    });
    const without = (seconds: number) => point(0, seconds, { sum: undefined, flags: 1 });
    const explicitOf = (one: object) => histogram([one], 2);
    const exponentialOf = (one: object) => ({
      name: 'http.client.request.duration',
      unit: 's',
      exponentialHistogram: { dataPoints: [one], aggregationTemporality: 2 },
    });
    for (const [n, seconds] of [
      [5, 10],
      [undefined, 20],
      [7, 30],
    ] as const) {
      const [one, other] =
        n === undefined
          ? [without(seconds), without(seconds)]
          : [
              point(n, seconds, { bucketCounts: [String(n), '0'], explicitBounds: [10] }),
              point(n, seconds, { scale: 0, positive: { offset: 0, bucketCounts: [String(n)] } }),
            ];
      const body = metrics([explicitOf(one), exponentialOf(other)]);
      const answer =
        encoding === 'json'
          ? await receiver.json('/v1/metrics', body)
          : await receiver.post('/v1/metrics', toProtobuf('metrics', body), {
              'content-type': 'application/x-protobuf',
            });
      assert.equal(answer.status, 200);
    }
    const total = await counts(receiver);
    assert.equal(
      Object.values(total).reduce((sum, count) => sum + count, 0),
      7 + 7,
    );
  });

test('other metrics are passed over, or refused by option; points that contradict themselves are rejected', async (t) => {
  const gauge = { name: 'memory', unit: 'By', gauge: { dataPoints: [{ asDouble: 1 }, { asDouble: 2 }] } };
  const receiver = await receiverFor(t);
  assert.equal(await send(receiver, [gauge]), '{}');
  const wrong = [
    explicit(10, { count: '11' }),
    explicit(10, { explicitBounds: [0.5, 0.1, 1] }),
    explicit(10, { bucketCounts: [1] }),
    explicit(10, { sum: -5 }),
    explicit(10, { min: -1 }),
    explicit(10, { min: 0.5, max: 0.1 }),
  ];
  const { partialSuccess } = JSON.parse(await send(receiver, [histogram([explicit(1), ...wrong])])) as {
    partialSuccess: Record<string, string>;
  };
  assert.equal(partialSuccess.rejectedDataPoints, '6');
  assert.match(partialSuccess.errorMessage!, /contradicts itself/);
  assert.deepEqual(await counts(receiver), { '/dogs/{id}': 1 });
  const strict = await receiverFor(t, {}, { refuseOtherMetrics: true });
  assert.match(await send(strict, [gauge]), /"rejectedDataPoints":"2".*only histograms of durations/);
});

test('an exponential point whose bounds are no doubles is rejected; one without a bucket stands for nothing', async (t) => {
  const receiver = await receiverFor(t);
  const point = (offset: number, bucketCounts: string[]) => ({
    attributes: server,
    startTimeUnixNano: nanos(start),
    timeUnixNano: nanos(start + 10_000),
    count: String(bucketCounts.length + 1),
    sum: 1,
    scale: 0,
    zeroCount: '1',
    positive: { offset, bucketCounts },
  });
  const points = [point(2_000, ['1']), point(-5_000, ['1']), point(2_147_483_647, ['1']), point(2_147_483_647, [])];
  const metric = {
    name: 'http.server.request.duration',
    unit: 'ms',
    exponentialHistogram: { dataPoints: points, aggregationTemporality: 1 },
  };
  const { partialSuccess } = JSON.parse(await send(receiver, [metric])) as { partialSuccess: Record<string, string> };
  assert.equal(partialSuccess.rejectedDataPoints, '3');
  assert.deepEqual(await counts(receiver), { '/dogs/{id}': 1 });
  await receiver.db.query("select * from rowtrace.latency(now() - interval '1 day', now() + interval '1 day')");
});

test('spans make histograms until their service sends metrics of that kind', async (t) => {
  const receiver = await receiverFor(t);
  const request = (digit: string) =>
    span(digit, { kind: 2, attributes: server, startTimeUnixNano: nanos(start), endTimeUnixNano: nanos(start + 250) });
  const own = span('c', { name: 'resize', startTimeUnixNano: nanos(start), endTimeUnixNano: nanos(start + 30) });
  const library = [span('d', { name: 'middleware' })];
  const batch = traces([request('a'), request('b'), own]);
  for (let time = 0; time < 2; time++) await receiver.json('/v1/traces', batch);
  await receiver.json('/v1/traces', traces(library, undefined, 'io.opentelemetry.spring-webmvc-6.0'));
  assert.deepEqual(await counts(receiver), { '/dogs/{id}': 2, resize: 1 });
  await send(receiver, [histogram([explicit(10)])]);
  await receiver.json('/v1/traces', traces([request('e')]));
  assert.deepEqual(await counts(receiver), { '/dogs/{id}': 12, resize: 1 });
});
