// What OTEL_* variables say, and what is told of those that cannot be followed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOtelEnvironment } from '../../src/options/otel-env.ts';

test('resource attributes are decoded; a pair that is none takes no other with it', () => {
  const { resourceAttributes, problems } = readOtelEnvironment({
    OTEL_RESOURCE_ATTRIBUTES: 'service.version=1%2E2, team = a%3Db ,bad,x=%ZZ',
  });
  assert.deepEqual(resourceAttributes, { 'service.version': '1.2', team: 'a=b' });
  assert.deepEqual(problems, [
    'OTEL_RESOURCE_ATTRIBUTES: "bad" is no key=value and was ignored',
    'OTEL_RESOURCE_ATTRIBUTES: "x=%ZZ" is no key=value and was ignored',
  ]);
});

test('a sampler that is not known is one line, whatever its argument means', () => {
  const { sampler, problems } = readOtelEnvironment({
    OTEL_TRACES_SAMPLER: 'parentbased_jaeger_remote',
    OTEL_TRACES_SAMPLER_ARG: 'endpoint=http://localhost:14250',
  });
  assert.deepEqual([sampler.root, sampler.parentBased], ['always_on', true]);
  assert.equal(problems.length, 1);
  assert.match(problems[0]!, /jaeger_remote is not known here \(always_on, always_off, traceidratio, and parentbased_/);
  const wrong = readOtelEnvironment({ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '10%' });
  assert.deepEqual(wrong.problems, ['OTEL_TRACES_SAMPLER_ARG=10% is not from 0 to 1; 1 is used']);
});

test('the protocol of a signal goes before that of all', () => {
  const { protocols } = readOtelEnvironment({
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc',
  });
  assert.deepEqual(protocols, { traces: 'grpc', logs: 'http/protobuf', metrics: 'http/protobuf' });
});

test('a declarative configuration is not read, which is said', () => {
  const { problems } = readOtelEnvironment({ OTEL_CONFIG_FILE: '/etc/otel.yaml' });
  assert.equal(problems.length, 1);
  assert.match(problems[0]!, /^OTEL_CONFIG_FILE is not read/);
  assert.deepEqual(readOtelEnvironment({ OTEL_CONFIG_FILE: '' }).problems, []);
});
