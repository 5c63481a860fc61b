import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect, isDeepStrictEqual } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { createContext, runInContext, runInNewContext } from 'node:vm';
import { Marks } from '../../src/util/marks.ts';

const traps = new Proxy(
  {},
  {
    get(_, trap) {
      throw new Error(`${String(trap)} was asked for`);
    },
  },
);

const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();

const objects: Record<string, object> = {
  'an Error': new Error('no dog'),
  'a frozen Error': Object.freeze(new Error('no dog')),
  'a sealed object': Object.seal({}),
  'an object without a prototype': Object.create(null),
  'an Error of another realm': runInContext('new TypeError("no dog")', createContext({})),
  'a function': () => 1,
  'an array': [],
  'a proxy whose traps throw': new Proxy(new Error('no dog'), traps),
  'a revoked proxy': revoked,
  'a Response': new Response(),
};

for (const [name, object] of Object.entries(objects))
  test(`${name} is marked, and marked anew`, () => {
    const marks = new Marks<string>();
    assert.equal(marks.has(object), false);
    assert.equal(marks.get(object), undefined);
    marks.set(object, 'first');
    assert.equal(marks.get(object), 'first');
    marks.set(object, 'second');
    assert.equal(marks.get(object), 'second');
    assert.equal(marks.has(object), true);
    assert.equal(new Marks<string>().has(object), false, 'of another kind');
  });

test('a mark that is undefined is one', () => {
  const marks = new Marks<undefined>();
  const object = {};
  marks.set(object, undefined);
  assert.equal(marks.has(object), true);
});

test('the application sees nothing of a mark', () => {
  const marks = new Marks<string>();
  const made = () => Object.assign(new Error('no dog'), { stack: 'none', code: 7 });
  const marked = made();
  const plain = made();
  marks.set(marked, 'known');
  assert.deepEqual(Reflect.ownKeys(marked), Reflect.ownKeys(plain));
  assert.equal(inspect(marked, { showHidden: true }), inspect(plain, { showHidden: true }));
  assert.equal(JSON.stringify(marked), JSON.stringify(plain));
  assert.equal(isDeepStrictEqual(marked, plain), true);
  assert.equal(Object.getPrototypeOf(marked), Error.prototype);
});

test('a copy of a marked object has no mark', () => {
  const marks = new Marks<string>();
  const error = new Error('no dog');
  marks.set(error, 'known');
  const copies = [
    structuredClone(error),
    Object.create(Object.getPrototypeOf(error), Object.getOwnPropertyDescriptors(error)),
    Object.create(error),
    { ...error },
  ];
  for (const copy of copies) assert.equal(marks.has(copy), false);
});

test('an object that takes no field is known all the same', () => {
  const set = () => {
    throw new TypeError('Cannot define private field, object is not extensible');
  };
  const marks = new Marks<string>({ has: () => false, get: () => undefined, set });
  const object = Object.freeze({});
  marks.set(object, 'known');
  assert.equal(marks.get(object), 'known');
  assert.equal(marks.has(object), true);
});

test('neither an object nor its mark is held', async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const marks = new Marks<object>();
  const gone = new Set<string>();
  const registry = new FinalizationRegistry<string>((name) => gone.add(name));
  (() => {
    const object = new Error('no dog');
    const mark = { object };
    registry.register(object, 'object');
    registry.register(mark, 'mark');
    marks.set(object, mark);
  })();
  for (let round = 0; gone.size < 2 && round < 100; round++) {
    gc();
    await new Promise((turn) => setImmediate(turn));
  }
  assert.deepEqual([...gone].sort(), ['mark', 'object']);
  assert.equal(marks.has({}), false);
});
