// The preload's own logger provider: what is emitted through the logs API becomes the same facts as through an SDK, and an
// exception stays the object it is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { RowtraceLogProcessor } from '../../src/capture/log-processor.ts';
import { RowtraceLoggerProvider } from '../../src/capture/logger-provider.ts';
import { createScrubber } from '../../src/record/scrub/scrubber.ts';
import { captureBench } from '../support/capture.ts';

function bench() {
  const capture = captureBench();
  const { tracker } = capture;
  const processor = new RowtraceLogProcessor({ tracker, scrubber: createScrubber(), level: 'WARNING' });
  return { ...capture, provider: new RowtraceLoggerProvider(processor), dropped: () => tracker.ledger()?.dropped };
}

const RECORDS = {
  'words and attributes': { severityNumber: 13, body: 'low on food', attributes: { shelf: 3, 'user.id': 'u1' } },
  'a level in words': { severityText: 'error', body: 'bad' },
  'a body of data': { severityNumber: 17, body: { shelf: 3, password: 'hunter2' } },
  'an event': { severityNumber: 17, eventName: 'shelf.empty' },
  'nested attributes': { severityNumber: 17, body: 'x', attributes: { dog: { id: 7, token: 'hunter2' } } },
  'attributes of an exception': {
    severityNumber: 17,
    attributes: { 'exception.type': 'DogError', 'exception.message': 'gone' },
  },
  'an event with an error': {
    severityNumber: 17,
    eventName: 'shelf.broke',
    attributes: { 'exception.type': 'DogError', 'exception.message': 'gone' },
  },
  'an exception and a level that is none': {
    severityText: 'WOMBAT',
    attributes: { 'exception.type': 'DogError', 'exception.message': 'gone' },
  },
  'a time in milliseconds': { severityNumber: 13, body: 'then', timestamp: 1_700_000_000_123 },
  'a time as the SDK keeps it': {
    severityNumber: 13,
    body: 'then',
    timestamp: [1_700_000_000, 5e6] as [number, number],
  },
  'below the level': { severityNumber: 9, body: 'fine' },
};

for (const [what, record] of Object.entries(RECORDS)) {
  test(`a record with ${what} is the same fact as through an SDK`, () => {
    const { logger, provider, logs } = bench();
    logger.emit(record);
    const [expected] = logs().splice(0);
    provider.getLogger('test').emit(record);
    const seen = logs()[expected === undefined ? 0 : 1];
    if (expected === undefined) assert.equal(seen, undefined);
    else {
      assert.ok(Math.abs(seen!.t - expected.t) < 1000);
      const same = { id: '', t: 0, n: 0 };
      assert.deepEqual({ ...seen, ...same }, { ...expected, ...same });
    }
  });
}

test('an exception is an error where no severity is told, and its message comes before the name of an event', () => {
  for (const told of [
    { attributes: { 'exception.type': 'DogError', 'exception.message': 'gone' } },
    { exception: new Error('gone') },
  ]) {
    const { provider, logs } = bench();
    const code = { 'code.namespace': 'kennel', 'code.function': 'feed' };
    const attributes = { ...told.attributes, ...code };
    provider.getLogger('test').emit({ severityText: 'WOMBAT', eventName: 'shelf.broke', ...told, attributes });
    const [log] = logs();
    assert.deepEqual([log?.level, log?.message, log?.fn], ['ERROR', 'gone', 'kennel.feed']);
  }
});

test('an exception keeps its class, its causes and its identity', () => {
  class DogError extends Error {}
  const { provider, tracer, logs } = bench();
  const error = Object.assign(new DogError('gone', { cause: new Error('no shelf') }), { code: 'E_DOG' });
  const span = tracer.startSpan('work');
  const logger = provider.getLogger('kennel');
  logger.emit({
    severityNumber: 17,
    body: 'cannot serve',
    exception: error,
    context: trace.setSpan(ROOT_CONTEXT, span),
  });
  span.recordException(error);
  span.end();
  const [log, ...more] = logs();
  assert.deepEqual(more, []);
  assert.deepEqual(
    [log?.error?.type, log?.error?.code, log?.error?.cause?.message, log?.message, log?.module, log?.spanId],
    ['DogError', 'E_DOG', 'no shelf', 'cannot serve', 'kennel', span.spanContext().spanId],
  );
});

test('a record that cannot be read in part, or says no time, is kept; nothing is thrown', () => {
  const { provider, logs, dropped } = bench();
  const attributes = {
    shelf: 3,
    get broken(): never {
      throw new Error('unreadable');
    },
  };
  provider.getLogger('test').emit({ severityNumber: 17, body: 'kept', attributes, timestamp: 'soon' as never });
  assert.deepEqual([logs()[0]?.message, logs()[0]?.tags], ['kept', { shelf: 3 }]);
  assert.deepEqual(dropped(), {});
});

const BODIES: [string, () => unknown, string][] = [
  ['a BigInt', () => ({ n: 1n, dog: 'Rex' }), '{"n":"1","dog":"Rex"}'],
  ['a BigInt and no prototype', () => Object.assign(Object.create(null), { n: 1n }), '{"n":"1"}'],
  ['a BigInt in a list', () => [1n, 'Rex'], '["1","Rex"]'],
  [
    'a cycle',
    () => {
      const dog: Record<string, unknown> = { name: 'Rex' };
      dog.self = dog;
      return dog;
    },
    '{"name":"Rex","self":"[circular]"}',
  ],
  [
    'a getter that throws',
    () => ({
      dog: 'Rex',
      get age(): never {
        throw new Error('none');
      },
    }),
    '{"dog":"Rex","age":"[unreadable]"}',
  ],
];

for (const [what, body, expected] of BODIES) {
  test(`a body with ${what} is readable in its row`, () => {
    const { provider, logs, dropped } = bench();
    provider.getLogger('test').emit({ severityNumber: 17, body: body() });
    assert.deepEqual([logs()[0]?.message, dropped()], [expected, {}]);
  });
}

test('a severity number in words is that level', () => {
  const { provider, logs } = bench();
  const logger = provider.getLogger('test');
  for (const severityNumber of ['ERROR', 'WARN', 'FATAL', 'INFO'] as unknown as number[]) {
    assert.equal(logger.enabled({ severityNumber }), true);
    logger.emit({ severityNumber, body: 'm' });
  }
  assert.deepEqual(
    logs().map(({ level }) => level),
    ['ERROR', 'WARNING', 'CRITICAL'],
  );
});

test('whatever is emitted, nothing is thrown into the application', () => {
  const { provider, logs } = bench();
  const logger = provider.getLogger('test');
  const trap = (name: string) =>
    Object.defineProperty({ severityNumber: 17, body: 'm' }, name, {
      get: () => {
        throw new Error('a getter');
      },
    });
  for (const name of ['timestamp', 'context']) logger.emit(trap(name));
  for (const nothing of [undefined, null]) {
    logger.emit(nothing as never);
    assert.equal(logger.enabled(nothing as never), true);
  }
  assert.deepEqual(
    logs().map(({ message }) => message),
    ['m', 'm'],
  );
});

test('loggers are kept for a bounded number of names; the others work as well', () => {
  const { provider, logs } = bench();
  const first = provider.getLogger('job-0');
  for (let nr = 1; nr < 1000; nr++) provider.getLogger(`job-${nr}`);
  assert.equal(provider.getLogger('job-0'), first);
  assert.notEqual(provider.getLogger('job-1000'), provider.getLogger('job-1000'));
  provider.getLogger('job-1000').emit({ severityNumber: 17, body: 'failed' });
  assert.deepEqual([logs()[0]?.module, logs()[0]?.message], ['job-1000', 'failed']);
});

test('enabled says which levels are of interest, and nothing is after the shutdown', async () => {
  const { provider, logs } = bench();
  const logger = provider.getLogger('test');
  assert.equal(logger, provider.getLogger('test'));
  assert.deepEqual(
    [logger.enabled({ severityNumber: 9 }), logger.enabled({ severityNumber: 13 }), logger.enabled()],
    [false, true, true],
  );
  await provider.shutdown();
  assert.equal(logger.enabled({ severityNumber: 21 }), false);
  logger.emit({ severityNumber: 21, body: 'too late' });
  assert.deepEqual(logs(), []);
});
