import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { given } from '../../src/record/columns.ts';
import { MalformedFactError } from '../../src/record/errors.ts';
import { messageTemplate } from '../../src/record/fingerprint/index.ts';
import { toErrorLogRow } from '../../src/record/to-rows.ts';
import { ID, logFact, resource, T } from './facts.ts';

const none = { columns: {} };

describe('toErrorLogRow', () => {
  it('fills the columns of an error made inside a request', () => {
    const row = toErrorLogRow(
      logFact({
        error: {
          type: 'TypeError',
          message: 'x is not a function',
          stack: 'TypeError: x is not a function\n    at pay (/app/src/pay.js:3:9)',
        },
        route: '/orders/:id',
        method: 'POST',
        status: 500,
        latency: 12.6,
        requestId: 'r-1',
        traceId: '0AF7651916CD43DD8448EB211C80319C',
        spanId: 'b7ad6b7169203331',
        tags: { size: 3 },
      }),
      resource,
      none,
    );
    const { fingerprint, ...rest } = row;
    assert.match(fingerprint, /^[0-9a-f]{40}$/);
    assert.deepEqual(given(rest), {
      event_id: ID,
      created_at: T,
      process: resource.process,
      issue_title: 'x is not a function',
      level: 'ERROR',
      message: 'order 17 failed',
      message_template: 'order <*> failed',
      stack_trace: 'TypeError: x is not a function\n    at pay (/app/src/pay.js:3:9)',
      fingerprint_version: 1,
      error_type: 'TypeError',
      error_message: 'x is not a function',
      culprit: 'pay (src/pay.js)',
      function_name: 'pay',
      service: 'shop',
      environment: 'production',
      release_version: '1.2.3',
      route: '/orders/:id',
      http_method: 'POST',
      http_status: 500,
      latency_ms: 13,
      request_id: 'r-1',
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      span_id: 'b7ad6b7169203331',
      host: 'web-1',
      pid: 42,
      tags: { size: 3 },
      promoted: {},
    });
  });

  it("groups a log record by the logger's own template where it has one", () => {
    const row = (message: string) =>
      toErrorLogRow(logFact({ message, template: 'user {name} is gone' }), resource, none);
    assert.equal(row('user ann is gone').fingerprint, row('user bob is gone').fingerprint);
    assert.equal(row('user ann is gone').message_template, 'user {name} is gone');
  });

  it('makes the template of the row from its whole message, of which the error may have made a stack', () => {
    const message = 'Error: no dog\n    at feed (/srv/app/feed.js:1:2)';
    const row = toErrorLogRow(logFact({ message, error: { type: 'Error', message } }), resource, none);
    assert.equal(row.issue_title, 'no dog');
    assert.equal(row.message_template, messageTemplate(message));
  });

  it('leaves out tags that are no object', () => {
    for (const tags of [['a'], 'x', 7, null])
      assert.deepEqual(toErrorLogRow(logFact({ tags: tags as never }), resource, none).tags, {});
  });

  it("uses the client's fingerprint within the service", () => {
    const row = (message: string, service: string) =>
      toErrorLogRow(logFact({ message, fingerprint: 'mine' }), { ...resource, service }, none).fingerprint;
    assert.equal(row('a', 'shop'), row('b', 'shop'));
    assert.notEqual(row('a', 'shop'), row('a', 'mail'));
  });

  it("writes causes and members below the stack in the layout of Node's util.inspect", () => {
    const row = toErrorLogRow(
      logFact({
        error: {
          type: 'Error',
          message: 'outer',
          stack: 'Error: outer\n    at a (/app/a.js:1:1)',
          cause: {
            type: 'AggregateError',
            message: '',
            code: 'ECONNREFUSED',
            errors: [{ type: 'Error', message: 'one', stack: 'Error: one\n    at b (/app/b.js:1:1)' }],
          },
        },
      }),
      resource,
      none,
    );
    assert.equal(
      row.stack_trace,
      [
        'Error: outer',
        '    at a (/app/a.js:1:1)',
        '  [cause]: AggregateError [ECONNREFUSED]',
        '    [errors]: [',
        '      Error: one',
        '          at b (/app/b.js:1:1)',
        '    ]',
      ].join('\n'),
    );
  });

  it('promotes tags that fit and notes those that do not', () => {
    const row = toErrorLogRow(logFact({ tags: { vet_id: 'abc', dog_id: '17', color: 'red' } }), resource, {
      columns: { vet_id: 'integer', dog_id: 'integer' },
    });
    assert.deepEqual(row.promoted, { dog_id: 17 });
    assert.deepEqual(row.tags, { vet_id: 'abc', color: 'red', 'rowtrace.promotion_failed': { vet_id: 'no integer' } });
  });

  it('keeps resource attributes as tags, below the tags of the record', () => {
    const row = toErrorLogRow(
      logFact({ tags: { zone: 'b' } }),
      { ...resource, attributes: { zone: 'a', rack: 1 } },
      none,
    );
    assert.deepEqual(row.tags, { zone: 'b', rack: 1 });
  });

  it('keeps what explains its key, whatever number of tags it has', () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`tag_${at}`, at]));
    const fact = logFact({ tags: { ...many, 'telemetry.sdk.language': 'cobol' }, fingerprint: 'payments' });
    const row = toErrorLogRow(fact, { ...resource, language: 'python' }, none);
    assert.equal(row.tags['rowtrace.fingerprint'], 'payments');
    assert.equal(row.tags['telemetry.sdk.language'], 'python');
    assert.equal(row.tags['tag_125'], 125);
    assert.equal(row.tags['tag_126'], undefined);
  });

  it('cuts what is too long', () => {
    const row = toErrorLogRow(logFact({ message: 'x'.repeat(20_000), requestId: 'r'.repeat(500) }), resource, none);
    assert.equal(row.message.length <= 8_192 && row.message.includes('…[cut '), true);
    assert.equal(row.request_id!.length <= 128, true);
    assert.equal(row.message_template.length <= 1_024, true);
  });

  for (const [name, given] of [
    ['no id', { id: 'nonsense' }],
    ['no time', { t: Number.NaN }],
    ['no level', { level: 'LOUD' }],
    ['no message', { message: undefined }],
    ['an error that is a text', { error: 'boom' }],
  ] as const)
    it(`refuses a fact with ${name}`, () => {
      assert.throws(() => toErrorLogRow(logFact(given as never), resource, none), MalformedFactError);
    });

  it('throws nothing but MalformedFactError, whatever the fact holds', () => {
    const anything = fc.anything({ withBigInt: true });
    const shape = fc.record(
      {
        id: fc.constant(ID),
        t: anything,
        level: fc.constant('ERROR'),
        message: anything,
        error: anything,
        tags: anything,
        status: anything,
        traceId: anything,
        template: anything,
        fingerprint: anything,
      },
      { requiredKeys: ['id', 'level'] },
    );
    fc.assert(
      fc.property(shape, fc.oneof(anything, fc.constant(resource)), (fact, of) => {
        try {
          toErrorLogRow(fact as never, of as never, none);
        } catch (error) {
          assert.ok(error instanceof MalformedFactError, String(error));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('throws nothing but MalformedFactError for a chain of nonsense', () => {
    const node = fc.letrec((tie) => ({
      error: fc.record(
        {
          type: fc.oneof(fc.string(), fc.anything()),
          message: fc.oneof(fc.string(), fc.anything()),
          stack: fc.oneof(fc.string(), fc.anything()),
          cause: fc.oneof(tie('error'), fc.anything()),
          errors: fc.oneof(fc.array(tie('error'), { maxLength: 3 }), fc.anything()),
        },
        { requiredKeys: [] },
      ),
    }));
    fc.assert(
      fc.property(node.error, (error) => {
        toErrorLogRow(logFact({ error: error as never }), resource, none);
      }),
      { numRuns: 200 },
    );
  });
});
