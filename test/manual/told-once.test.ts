// A call tells once how it ended: promises that are asked for more than once, that several functions return, and generators
// that their callers leave early.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { captureErrors, handleErrors } from '../../src/manual/handle-errors.ts';
import { logCalls } from '../../src/manual/log-calls.ts';
import { globalCaptureBench } from '../support/capture.ts';

const bench = globalCaptureBench({ level: 'DEBUG' });

async function told(work: () => unknown): Promise<string[]> {
  const from = bench.facts.length;
  await work();
  return bench.facts.slice(from).flatMap((fact) => (fact.k === 'log' ? [`${fact.level} ${fact.message}`] : []));
}

/** A promise whose `then` is watched. */
class Query extends Promise<string> {}

async function askThrice(promise: PromiseLike<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (let nr = 0; nr < 3; nr++) {
    try {
      seen.push(await promise);
    } catch (thrown) {
      seen.push(thrown);
    }
  }
  return seen;
}

const text = (): Query => Query.reject('no dog') as Query;

test('a promise that is asked for three times is one record or row', async () => {
  const found = logCalls(function find() {
    return Query.resolve('Rex');
  });
  assert.deepEqual(await told(async () => assert.deepEqual(await askThrice(found()), ['Rex', 'Rex', 'Rex'])), [
    'DEBUG find returned',
  ]);
  for (const [expected, call, result] of [
    ['ERROR text failed', logCalls(text), 'no dog'],
    ['ERROR no dog', handleErrors(text), 'no dog'],
    ['ERROR no dog', handleErrors(text, { fallback: 'none' }), 'none'],
    ['ERROR no dog', () => captureErrors({}, text), 'no dog'],
    ['ERROR no dog', () => captureErrors({ rethrow: false }, text), undefined],
  ] as const)
    assert.deepEqual(await told(async () => assert.deepEqual(await askThrice(call()), [result, result, result])), [
      expected,
    ]);
});

test('a text that a promise failed with is told once, through whichever functions it went', async () => {
  const shared = Promise.reject('no leash');
  const walk = logCalls(function walk() {
    return shared;
  });
  const stroll = logCalls(function stroll() {
    return handleErrors(walk)();
  });
  assert.deepEqual(await told(() => askThrice(stroll())), ['ERROR walk failed']);
  assert.deepEqual(await told(() => askThrice(walk())), [], 'the same promise again');
  const other = () => Promise.reject('no leash');
  assert.deepEqual(await told(() => askThrice(logCalls(other)())), ['ERROR other failed'], 'another promise');
});

test('a query that runs again, and fails otherwise, is told again', async () => {
  let runs = 0;
  const query = {
    // biome-ignore lint/suspicious/noThenProperty: as query builders have it.
    then: (_done: unknown, failed: (thrown: unknown) => unknown) => failed(new Error(`run ${++runs}`)),
  } as unknown as PromiseLike<string>;
  const ask = handleErrors(() => query, { fallback: 'none' });
  assert.deepEqual(await told(async () => assert.deepEqual(await askThrice(ask()), ['none', 'none', 'none'])), [
    'ERROR run 1',
    'ERROR run 2',
    'ERROR run 3',
  ]);
});

test('a generator that is left early has ended; what its clean-up throws is a failure', async () => {
  const dogs = logCalls(function* dogs() {
    yield 'Rex';
    yield 'Bo';
  });
  const later = logCalls(async function* later() {
    yield 'Rex';
    yield 'Bo';
  });
  const unclean = logCalls(function* unclean() {
    try {
      yield 'Rex';
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: what clean-up does when it fails.
      throw new Error('no broom');
    }
  });
  const first = <T>(values: Iterable<T>): T | undefined => {
    for (const value of values) return value;
  };
  assert.deepEqual(await told(() => assert.equal(first(dogs()), 'Rex')), ['DEBUG dogs returned']);
  assert.deepEqual(await told(() => assert.deepEqual([...dogs()], ['Rex', 'Bo'])), ['DEBUG dogs returned']);
  assert.deepEqual(
    await told(async () => {
      for await (const dog of later()) {
        assert.equal(dog, 'Rex');
        break;
      }
    }),
    ['DEBUG later returned'],
  );
  assert.deepEqual(
    await told(async () => {
      const open = later();
      await open.next();
      assert.deepEqual(await open.return(undefined), { value: undefined, done: true });
    }),
    ['DEBUG later returned'],
  );
  assert.deepEqual(await told(() => assert.throws(() => first(unclean()), /no broom/)), ['ERROR unclean failed']);
});
