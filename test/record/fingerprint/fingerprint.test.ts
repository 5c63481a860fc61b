import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { fingerprint } from '../../../src/fingerprint.ts';
import type { ErrorFact } from '../../../src/record/fact.ts';
import { stackText } from '../../../src/record/stack-text.ts';

const STACK = 'TypeError: no name\n    at pay (/app/src/pay.js:3:9)\n    at main (/app/src/main.js:1:1)';
const base = { type: 'TypeError', message: 'no name', stack: STACK, service: 'shop' };
/** Of `base`, in version 1. A change of the algorithm that changes this needs a new version. */
const PINNED = 'd739081ad1e8c9c4f6c180e1ec32d9d6c285a3e0';
const key = (given: object) => fingerprint({ ...base, ...given }).fingerprint;

/** The error as capture writes it down. */
function factOf(error: Error & { code?: string; errors?: Error[] }): ErrorFact {
  return {
    type: error.constructor.name,
    message: error.message,
    stack: error.stack,
    code: error.code,
    cause: error.cause instanceof Error ? factOf(error.cause) : undefined,
    errors: error.errors?.map(factOf),
  };
}

describe('fingerprint', () => {
  it('gives the first 40 hex digits of a SHA-256, its parts, and the reasons in words', () => {
    const result = fingerprint(base);
    assert.match(result.fingerprint, /^[0-9a-f]{40}$/);
    assert.equal(result.version, 1);
    assert.equal(result.culprit, 'pay (src/pay.js)');
    assert.deepEqual(result.explain, [
      'Service: shop.',
      'Type: TypeError.',
      'First in-app frames: pay:pay ← main:main.',
      'Message template: no name',
    ]);
  });

  it('reads a stack by its look where the language is a name that every object has', () => {
    for (const language of ['constructor', 'toString', '__proto__']) assert.equal(key({ language }), key({}));
  });

  it('never changes: a released version keeps its keys', () => {
    assert.equal(fingerprint(base).fingerprint, PINNED);
  });

  it('depends on service, type, frames and message', () => {
    const keys = [
      key({}),
      key({ service: 'mail' }),
      key({ type: 'RangeError' }),
      key({ message: 'no age' }),
      key({ stack: STACK.replace('at pay', 'at refund') }),
    ];
    assert.equal(new Set(keys).size, keys.length);
  });

  it('does not depend on the code: carriers differ in whether they have one', () => {
    assert.equal(key({ code: 'ERR_X' }), key({}));
    assert.equal(key({ type: 'ERR_X' }), key({}));
  });

  it("takes the client's key first, then the first rule that matches, within the service", () => {
    assert.equal(key({ override: 'k' }), key({ override: 'k', message: 'other', stack: undefined }));
    assert.notEqual(key({ override: 'k' }), key({ override: 'k', service: 'mail' }));
    const rules = [
      { message: 'no *', type: 'RangeError', fingerprint: 'range' },
      { message: 'no*', fingerprint: 'missing' },
    ];
    const ruled = fingerprint({ ...base, message: 'no age' }, { rules });
    assert.equal(ruled.fingerprint, fingerprint(base, { rules }).fingerprint);
    assert.match(ruled.explain.join(' '), /Rule 2 set the key "missing"/);
    assert.notEqual(fingerprint({ ...base, message: 'age' }, { rules }).fingerprint, ruled.fingerprint);
  });

  it('reads an error that a logger wrote into the message', () => {
    assert.equal(key({ type: '', message: STACK, stack: undefined }), key({}));
  });

  it('does not take lines of the message for frames', () => {
    const message = 'worker failed:\n    at evil (/app/src/evil.js:1:1)\n    end';
    const result = fingerprint({ ...base, message, stack: `Error: ${message}\n    at pay (/app/src/pay.js:3:9)` });
    assert.deepEqual(
      result.frames.map((frame) => frame.function),
      ['pay'],
    );
  });

  it('drops the property tail and the place of emission', () => {
    const tail = `${STACK} {\n  code: 'E_X',\n  at: 5\n}\nEmitted 'error' event at:\n    at emit (/app/src/emit.js:1:1)`;
    assert.equal(key({ stack: tail }), key({}));
  });

  it('looks at 200 frames at most', () => {
    const stack = `Error: x\n${Array.from({ length: 900 }, (_, i) => `    at f${i} (/app/src/a.js:${i}:1)`).join('\n')}`;
    assert.equal(fingerprint({ ...base, stack }).frames.length, 200);
  });
});

describe('a chain', () => {
  const deep = () => {
    const socket = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
    const query = new Error('query failed', { cause: socket });
    return new TypeError('could not save', { cause: query });
  };
  const many = () => {
    const members = [new RangeError('mirror a is down'), new Error('mirror b is slow')];
    return new Error('no mirror', { cause: new AggregateError(members, 'All promises were rejected') });
  };
  const alike = (make: () => Error) => {
    const error = make();
    const { type, message } = factOf(error);
    return { error, type, message };
  };

  for (const [name, make] of [
    ['of causes', deep],
    ['with an AggregateError', many],
    ['of one error', () => new SyntaxError('bad')],
  ] as const) {
    it(`${name} has the same key structured, printed by util.inspect, and as stack_trace text`, () => {
      const { error, type, message } = alike(make);
      const fact = factOf(error);
      const structured = fingerprint({ ...fact, service: 's' });
      const inspected = fingerprint({ type, message, stack: inspect(error, { depth: 10 }), service: 's' });
      const written = fingerprint({ type, message, stack: stackText(fact), service: 's' });
      assert.deepEqual(inspected.explain, structured.explain);
      assert.equal(inspected.fingerprint, structured.fingerprint);
      assert.equal(written.fingerprint, structured.fingerprint);
    });
  }

  it('differs by the reason at its bottom, not by the order of members', () => {
    const of = (...messages: string[]) =>
      fingerprint({ ...base, errors: messages.map((message) => ({ type: 'Error', message })) }).fingerprint;
    assert.equal(of('a', 'b'), of('b', 'a', 'a'));
    assert.notEqual(of('a', 'b'), of('a', 'c'));
  });

  it('takes the frames of its first error that has some', () => {
    const result = fingerprint({ ...base, stack: undefined, cause: { type: 'Error', message: 'x', stack: STACK } });
    assert.match(result.explain.join(' '), /taken from a cause.*pay:pay/);
    assert.equal(result.culprit, 'pay (src/pay.js)');
  });

  it('may be a cycle or very deep', () => {
    const cycle: ErrorFact = { type: 'Error', message: 'x' };
    cycle.cause = cycle;
    cycle.errors = [cycle, cycle];
    assert.match(fingerprint(cycle).fingerprint, /^[0-9a-f]{40}$/);
  });

  it('fills in frames that util.inspect left out because the cause has them', () => {
    const lines = [
      'at a (/app/src/a.js:1:1)',
      'at b (/app/src/b.js:1:1)',
      'at c (/app/src/c.js:1:1)',
      'at d (/app/src/d.js:1:1)',
      'at e (/app/src/e.js:1:1)',
    ];
    const inner = lines.map((line) => `      ${line}`).join('\n');
    const elided = `Error: outer\n    at top (/app/src/t.js:1:1)\n    ${lines[0]}\n    ... 3 lines matching cause stack trace ...\n    ${lines[4]} {\n  [cause]: Error: inner\n${inner}\n}`;
    assert.deepEqual(
      fingerprint({ type: 'Error', message: 'outer', stack: elided }).frames.map((frame) => frame.function),
      ['top', 'a', 'b', 'c', 'd', 'e'],
    );
  });
});

describe('a host of several addresses that does not answer', () => {
  const failed = (...messages: string[]) =>
    fingerprint({ type: 'AggregateError', errors: messages.map((message) => ({ type: 'Error', message })) });
  const timeout = 'connect ETIMEDOUT 10.0.0.5:443';

  it('is the same from where there is no IPv6', () => {
    const found = failed(timeout, 'connect ENETUNREACH 2a05:d018:8c4::22f:443 - Local (:::0)');
    assert.equal(found.fingerprint, failed(timeout, 'connect ETIMEDOUT 2a05:d018:8c4::22f:443').fingerprint);
    assert.equal(found.title, 'connect ETIMEDOUT <*>:443');
  });

  it('is another where no network is', () => {
    const found = failed('connect ENETUNREACH 10.0.0.5:443', 'connect ENETUNREACH 2a05:d018:8c4::22f:443');
    assert.equal(found.title, 'connect ENETUNREACH <*>:443');
    assert.notEqual(found.fingerprint, failed(timeout).fingerprint);
  });
});
