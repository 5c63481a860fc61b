// What of a signal becomes what of a fact, without a receiver around it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from '../../src/receive/decode/decode.ts';
import { logFacts } from '../../src/receive/facts/log-facts.ts';
import { metricFacts } from '../../src/receive/facts/metric-facts.ts';
import { resourceFactOf } from '../../src/receive/facts/resource.ts';
import { spanFacts } from '../../src/receive/facts/span-facts.ts';
import type { CallFact, HistogramFact, LogFact } from '../../src/record/fact.ts';
import { mapRules } from '../support/map-rules.ts';
import { attributes, logs, metrics, nanos, record, span, traces } from '../support/otlp.ts';

const ERROR = { 'exception.type': 'DogError', 'exception.message': 'no dog 7' };

function logsOf(records: object[]): LogFact[] {
  const rules = mapRules();
  const { groups } = decode('logs', 'json', Buffer.from(JSON.stringify(logs(records))));
  const resource = resourceFactOf(groups[0]!.resource, 'p', rules.scrubber);
  return logFacts(groups[0]!, resource, rules).facts as LogFact[];
}

function factsOf(spans: object[]) {
  const rules = mapRules();
  const { groups } = decode('traces', 'json', Buffer.from(JSON.stringify(traces(spans))));
  const resource = resourceFactOf(groups[0]!.resource, 'p', rules.scrubber);
  return spanFacts(groups[0]!, resource, 'p', rules).facts;
}

function rowsOf(spans: object[]): LogFact[] {
  return factsOf(spans).filter((fact): fact is LogFact => fact.k === 'log');
}

function histogramsOf(name: string, unit: string, given: object = {}, refuseOthers = false) {
  const now = Date.now();
  const point = {
    attributes: attributes({ ...given }),
    startTimeUnixNano: nanos(now - 10_000),
    timeUnixNano: nanos(now),
    count: '4',
    sum: 1,
    bucketCounts: ['0', '4', '0'],
    explicitBounds: [0.1, 0.5],
  };
  const metric = { name, unit, histogram: { dataPoints: [point], aggregationTemporality: 1 } };
  const rules = { ...mapRules(), refuseOthers };
  const { groups } = decode('metrics', 'json', Buffer.from(JSON.stringify(metrics([metric]))));
  const resource = resourceFactOf(groups[0]!.resource, 'p', rules.scrubber);
  const mapped = metricFacts(groups[0]!, resource, 'p', rules);
  return { ...mapped, facts: mapped.facts as HistogramFact[] };
}

test('a span that failed without an exception says why in its tags', () => {
  const said = {
    'error.type': 'System.InvalidOperationException',
    'error.message': 'no dog 7',
    'rpc.method': 'Find',
    'rpc.grpc.status_code': 13,
    'exception.message': 'on the span itself',
  };
  const [fact] = rowsOf([span('a', { kind: 2, status: { code: 2 }, attributes: attributes(said) })]);
  assert.deepEqual(fact?.tags, said);
  const answered = { 'http.request.method': 'GET', 'http.response.status_code': 500, 'error.type': '500' };
  const [other] = rowsOf([span('b', { kind: 2, status: { code: 2 }, attributes: attributes(answered) })]);
  assert.deepEqual(other?.tags, {});
});

test('an event whose name is an attribute, a stack alone, lists and maps where a text should be', () => {
  const stack = 'Traceback (most recent call last):\n  File "/srv/a.py", line 1, in load\nValueError: no dog 7\n';
  const facts = logsOf([
    record('', { body: undefined, attributes: attributes({ 'event.name': 'device.lost', id: 7 }) }),
    record('failed', { attributes: attributes({ 'exception.stacktrace': stack }) }),
    record('failed', {
      attributes: attributes({ 'exception.message': { code: 7 }, 'exception.stacktrace': ['no file', 'no disk'] }),
    }),
  ]);
  assert.deepEqual(
    facts.map(({ message, error }) => [message, error]),
    [
      ['device.lost', undefined],
      ['failed', { type: 'Error', message: '', stack }],
      ['failed', { type: 'Error', message: '{"code":7}', stack: 'no file\nno disk' }],
    ],
  );
});

test('a record with an exception and no severity that is known is an error', () => {
  for (const severity of [{ severityText: 'WOMBAT' }, {}]) {
    const told = { severityNumber: 0, ...severity };
    const [fact] = logsOf([record('x', { ...told, attributes: attributes(ERROR) })]);
    assert.equal(fact?.level, 'ERROR');
    assert.deepEqual(logsOf([record('x', told)]), []);
  }
});

test('words of loggers that send no number', () => {
  const words = ['SEVERE', 'WRN', 'FTL', 'dpanic', 'E'];
  const facts = logsOf(words.map((severityText) => record('x', { severityNumber: 0, severityText })));
  assert.deepEqual(
    facts.map(({ level }) => level),
    ['ERROR', 'WARNING', 'CRITICAL', 'CRITICAL', 'ERROR'],
  );
});

test('an event without a body has the message of its error, and its own name where there is none', () => {
  const event = { severityNumber: 17, eventName: 'dogs.lookup.failed', timeUnixNano: nanos(Date.now()) };
  const [told, named] = logsOf([{ ...event, attributes: attributes(ERROR) }, event]);
  assert.equal(told!.message, 'no dog 7');
  assert.equal(named!.message, 'dogs.lookup.failed');
});

test('code.namespace stands before code.function, and not twice where old and new attributes are sent', () => {
  const code = { 'code.namespace': 'com.example.Dogs', 'code.function': 'load' };
  const [old, modern] = logsOf([
    record('x', { attributes: attributes(code) }),
    record('y', { attributes: attributes({ ...code, 'code.function.name': 'com.example.Dogs.load' }) }),
  ]);
  assert.equal(old!.fn, 'com.example.Dogs.load');
  assert.equal(modern!.fn, 'com.example.Dogs.load');
  const failed = { status: { code: 2, message: 'broken' } };
  const ofSpans = rowsOf([
    span('1', { ...failed, attributes: attributes(code) }),
    span('2', { ...failed, attributes: attributes({ ...code, 'code.function.name': 'com.example.Dogs.load' }) }),
  ]);
  assert.deepEqual(
    ofSpans.map(({ fn }) => fn),
    ['com.example.Dogs.load', 'com.example.Dogs.load'],
  );
});

test('of calls that are sent again the same ones are kept, and what they stand for is about all', () => {
  const requests = Array.from({ length: 2_000 }, (_, at) =>
    span('1', { spanId: at.toString(16).padStart(16, 'a'), kind: 2, attributes: attributes({ 'http.method': 'GET' }) }),
  );
  const callsOf = () => factsOf(requests).filter((fact): fact is CallFact => fact.k === 'call');
  const calls = callsOf();
  const ids = (facts: CallFact[]) => facts.map(({ id }) => id);
  assert.deepEqual(ids(callsOf()), ids(calls));
  // A rate of 1 in 20: five standard deviations of 9.7 around 100. Always the same calls, so always the same answer.
  const stands = calls.reduce((sum, { weight }) => sum + weight, 0);
  assert.ok(stands > 1_000 && stands < 3_000, `${calls.length} calls stand for ${stands}`);
});

test('path and user agent of a request, by their old names too, are on the rows inside', () => {
  const server = { kind: 2, status: { code: 1 }, name: 'GET' };
  const inside = span('2', { parentSpanId: '1'.repeat(16), status: { code: 2, message: 'broken' } });
  for (const told of [
    { 'http.method': 'GET', 'http.target': '/dogs/7?token=x', 'http.user_agent': 'curl/8' },
    { 'http.request.method': 'GET', 'url.path': '/dogs/7', 'user_agent.original': 'curl/8' },
  ]) {
    const [row] = rowsOf([span('1', { ...server, attributes: attributes(told) }), inside]);
    assert.deepEqual(row!.tags, { 'url.path': '/dogs/7', 'user_agent.original': 'curl/8' });
  }
});

test('a name that every object has is a name like others', () => {
  for (const name of ['constructor', 'toString', '__proto__']) {
    assert.deepEqual(rowsOf([span('1', { name })]), [], 'no slow span');
    assert.deepEqual(histogramsOf('dogs.walk.duration', name).facts, [], 'no unit');
  }
});

test('a histogram without a unit is of latencies only where its name says so', () => {
  for (const name of [
    'http.server.request.duration',
    'db.client.operation.duration',
    'db.client.connection.wait_time',
    'gen_ai.server.time_to_first_token',
    'dogs.walk.duration',
    'walk_latency',
    'http_request_duration_seconds',
  ])
    assert.equal(histogramsOf(name, '').facts[0]?.h.sum, 1, name);
  for (const name of ['http.server.duration', 'rpc.client.duration', 'dogs.walk.duration_milliseconds'])
    assert.equal(histogramsOf(name, '').facts[0]?.h.sum, 0.001, name);
  for (const name of ['http.server.request.body.size', 'dogs.weight', 'batch_size', 'durations', 'llm.tokens']) {
    assert.deepEqual(histogramsOf(name, '').facts, [], name);
    assert.equal(histogramsOf(name, '', {}, true).rejected, 1, name);
  }
  assert.equal(histogramsOf('dogs.weight', 's').facts.length, 1, 'its unit says so');
});

test('calls of RPC that failed by the old names are errors', () => {
  const classOf = (name: string, given: object) => histogramsOf(name, 's', given).facts[0]!.op.statusClass;
  const client = 'rpc.client.duration';
  const server = 'rpc.server.duration';
  assert.equal(classOf(client, { 'rpc.grpc.status_code': 13 }), 'error');
  assert.equal(classOf(server, { 'rpc.grpc.status_code': 13 }), 'error');
  assert.equal(classOf(client, { 'rpc.grpc.status_code': 5 }), 'error');
  assert.equal(classOf(server, { 'rpc.grpc.status_code': 5 }), 'ok', 'not found is for the caller to handle');
  assert.equal(classOf(client, { 'rpc.grpc.status_code': 0 }), 'ok');
  assert.equal(classOf(client, { 'rpc.connect_rpc.error_code': 'internal' }), 'error');
  assert.equal(classOf(client, { 'rpc.jsonrpc.error_code': -32603 }), 'error');
});
