// Anything may be thrown; whatever it is, an ErrorFact comes out and nothing is thrown into the host.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { chainOf, errorFact } from '../../src/capture/error-fact.ts';
import { createScrubber } from '../../src/record/scrub/scrubber.ts';
import { isClientFault } from '../../src/record/thrown.ts';

const scrubber = createScrubber();

class DatabaseError extends Error {
  override name = 'error';
  code = '23505';
}
class PaymentError extends Error {}

const thrower = {
  get message(): string {
    throw new Error('no');
  },
  get stack(): string {
    throw new Error('no');
  },
};
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const circular = new Error('a');
circular.cause = new Error('b', { cause: circular });

const CASES: [string, unknown, Partial<ReturnType<typeof errorFact>>][] = [
  ['a TypeError', new TypeError('x'), { type: 'TypeError', message: 'x' }],
  ['a subclass that forgot its name', new PaymentError('x'), { type: 'PaymentError' }],
  ["pg's DatabaseError", new DatabaseError('dup'), { type: 'DatabaseError', code: '23505' }],
  ['a system error', Object.assign(new Error('x'), { code: 'ENOENT' }), { type: 'Error', code: 'ENOENT' }],
  ['an Error of another realm', runInNewContext('new RangeError("far")'), { type: 'RangeError', message: 'far' }],
  ['a string', 'just text', { type: 'string', message: 'just text' }],
  ['null', null, { type: 'null', message: 'null' }],
  ['undefined', undefined, { type: 'undefined', message: 'undefined' }],
  ['a number', 42, { type: 'number', message: '42' }],
  ['a plain object', { reason: 'x' }, { type: 'Error', message: '{"reason":"x"}' }],
  ['an object whose getters throw', thrower, { type: 'Error' }],
  ['a revoked proxy', revoked.proxy, { type: 'Error' }],
  ['a symbol', Symbol('s'), { message: 'Symbol(s)' }],
  ['a BigInt', 10n, { message: '10' }],
];

for (const [title, thrown, expected] of CASES) {
  test(`${title} becomes an error fact`, () => {
    const fact = errorFact(thrown, scrubber);
    for (const [key, value] of Object.entries(expected)) assert.equal(fact[key as 'type'], value);
    assert.equal(typeof fact.message, 'string');
    JSON.stringify(fact);
  });
}

test('causes are followed as far as they are new, and no further than eight', () => {
  assert.equal(errorFact(circular, scrubber).cause?.cause, undefined);
  let chain = new Error('0');
  for (let depth = 1; depth < 30; depth++) chain = new Error(String(depth), { cause: chain });
  let levels = 0;
  for (let fact = errorFact(chain, scrubber); fact.cause; fact = fact.cause) levels++;
  assert.equal(levels, 8);
});

test('members of an AggregateError are kept, sixteen at the most', () => {
  const many = new AggregateError(
    Array.from({ length: 40 }, (_, at) => new Error(`m${at}`)),
    'all failed',
  );
  const fact = errorFact(many, scrubber);
  assert.equal(fact.type, 'AggregateError');
  assert.equal(fact.errors?.length, 16);
});

test('errors that share members are written down once a few dozen times, not once for each way to them', () => {
  let error: Error = new Error('the first');
  for (let level = 0; level < 7; level++) error = new AggregateError(Array(16).fill(error), `level ${level}`);
  let count = 0;
  const walk = (fact: ReturnType<typeof errorFact>) => {
    count++;
    for (const inner of [fact.cause, ...(fact.errors ?? [])]) if (inner) walk(inner);
  };
  walk(errorFact(error, scrubber));
  assert.equal(count, 64);
});

test('a status or members that cannot be read cost nothing else', () => {
  const members = Object.assign(new Error('boom'), { errors: revoked.proxy });
  assert.equal(errorFact(members, scrubber).message, 'boom');
  for (const status of [Symbol('x'), Object.create(null), revoked.proxy, {}])
    assert.equal(isClientFault(Object.assign(new Error('boom'), { status })), false);
  const ofGraphql = (extensions: object) => Object.assign(new Error('boom'), { extensions });
  for (const extensions of [{ code: 'FORBIDDEN' }, { code: 'MINE', http: { status: 402 } }])
    assert.equal(isClientFault(ofGraphql(extensions)), true);
  for (const extensions of [
    { code: 'INTERNAL_SERVER_ERROR' },
    { code: 'toString' },
    { code: 'FORBIDDEN', http: { status: 500 } },
  ])
    assert.equal(isClientFault(ofGraphql(extensions)), false);
  // @feathersjs/errors 5.0; a code of somebody else's is none.
  const coded = (fields: object) => isClientFault(Object.assign(new Error('boom'), fields));
  assert.equal(coded({ type: 'FeathersError', code: 404 }), true);
  assert.equal(coded({ type: 'FeathersError', code: 500 }), false);
  assert.equal(coded({ code: 404 }), false);
  for (const status of [404, '404']) assert.equal(isClientFault(Object.assign(new Error('boom'), { status })), true);
});

test("the cause of Sequelize's errors is what it calls parent and original; one name alone is a field of somebody else's", () => {
  const parent = new Error('duplicate key value violates unique constraint "dogs_name_key"');
  const held = (fields: object) =>
    errorFact(Object.assign(new Error('Validation error'), fields), scrubber).cause?.message;
  assert.equal(held({ parent, original: parent }), parent.message);
  assert.equal(held({ parent, original: parent, cause: new Error('the cause') }), 'the cause');
  for (const fields of [
    { parent },
    { original: parent },
    { parent, original: new Error('other') },
    { parent: 1, original: 1 },
  ])
    assert.equal(held(fields), undefined);
});

test("the cause of Prisma's errors is what its adapter made of the driver's; another `meta` is a field of somebody else's", () => {
  const said = 'duplicate key value violates unique constraint "dogs_name_key"';
  const driverAdapterError = new Error('UniqueConstraintViolation', {
    cause: { originalCode: '23505', originalMessage: said },
  });
  const { cause } = errorFact(Object.assign(new Error('Invalid'), { meta: { driverAdapterError } }), scrubber);
  assert.deepEqual([cause?.message, cause?.cause?.message], ['UniqueConstraintViolation', said]);
  const other = { meta: { driverAdapterError: { message: 'no error' } } };
  assert.equal(errorFact(Object.assign(new Error('Invalid'), other), scrubber).cause, undefined);
});

test("verror's causes are those it keeps: its `cause` is a method, and none of them", () => {
  // As verror 1.10 has them.
  class VError extends Error {
    jse_cause: Error | undefined;
    constructor(message: string, cause?: Error) {
      super(message);
      this.jse_cause = cause;
    }
  }
  Object.assign(VError.prototype, {
    cause(this: VError) {
      return this.jse_cause;
    },
  });
  class MultiError extends VError {
    ase_errors: Error[];
    constructor(errors: Error[]) {
      super('first of 2 errors', errors[0]);
      this.ase_errors = errors;
    }
  }
  Object.assign(MultiError.prototype, {
    errors(this: MultiError) {
      return this.ase_errors;
    },
  });
  const inner = new Error('disk on fire');
  assert.equal(errorFact(new VError('could not save dog 7', inner), scrubber).cause?.message, 'disk on fire');
  assert.deepEqual(chainOf(new VError('could not save dog 7', inner)), [inner]);
  const alone = errorFact(new VError('no cause at all'), scrubber);
  assert.deepEqual([alone.cause, alone.errors], [undefined, undefined]);
  const two = errorFact(new MultiError([inner, new Error('two')]), scrubber);
  assert.deepEqual(
    [two.cause, two.errors?.map(({ message }) => message)],
    [undefined, ['disk on fire', 'two']],
    'a member stands once, though it is called the cause, too',
  );
});

test('a function is no cause', () => {
  const error = new Error('x', { cause: () => 'secret source' });
  assert.equal(errorFact(error, scrubber).cause, undefined);
  assert.deepEqual(chainOf(error), []);
});
