import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bound, clampTime, cut, LIMITS, plainTags } from '../../src/record/limits.ts';

describe('cut', () => {
  it('leaves a text within the limit as it is', () => assert.equal(cut('hello', 10), 'hello'));

  it('says how much was cut', () => assert.equal(cut('x'.repeat(100), 40), `${'x'.repeat(22)}…[cut 78]`));

  it('never splits a surrogate pair', () => {
    const done = cut(`${'a'.repeat(21)}😀${'b'.repeat(50)}`, 40);
    assert.ok(done.startsWith(`${'a'.repeat(21)}…[cut `), done);
    assert.ok(done.isWellFormed());
  });

  it('drops NUL and replaces lone surrogates, which Postgres refuses', () => {
    assert.equal(cut('a\0b\ud800c', 10), 'ab\ufffdc');
  });

  it('keeps any text within any limit, well formed, and changes nothing when repeated', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 4, max: 200 }), (text, max) => {
        const done = cut(text, max);
        assert.ok(done.length <= max && done.isWellFormed() && !done.includes('\0'));
        assert.equal(cut(done, max), done);
      }),
    );
  });

  it('bounds a text before scrubbing to four times its limit', () =>
    assert.equal(bound('x'.repeat(100), 10).length, 40));
});

describe('clampTime', () => {
  for (const [given, t, tRaw] of [
    [Date.UTC(2025, 0, 1), Date.UTC(2025, 0, 1), undefined],
    [0, Date.UTC(2000, 0, 1), '0'],
    [Date.UTC(2150, 0, 1), Date.UTC(2100, 0, 1) - 1, String(Date.UTC(2150, 0, 1))],
    [Number.NaN, 1_750_000_000_000, 'NaN'],
    ['tomorrow', 1_750_000_000_000, 'tomorrow'],
    [Number.POSITIVE_INFINITY, Date.UTC(2100, 0, 1) - 1, 'Infinity'],
  ] as const)
    it(`reads ${String(given)} as ${t}`, () => {
      assert.deepEqual(clampTime(given, 1_750_000_000_000), tRaw === undefined ? { t } : { t, tRaw });
    });
});

describe('plainTags', () => {
  it('turns what JSON does not know into something it does', () => {
    const tags = plainTags({
      bigint: 10n,
      date: new Date(0),
      invalid: new Date(Number.NaN),
      nan: Number.NaN,
      map: new Map([['a', 1]]),
      set: new Set([1, 2]),
      bytes: Buffer.from('abc'),
      call: () => 1,
      symbol: Symbol('s'),
      error: new TypeError('no'),
      none: undefined,
      nil: null,
    });
    assert.deepEqual(tags, {
      bigint: '10',
      date: '1970-01-01T00:00:00.000Z',
      invalid: 'Invalid Date',
      nan: 'NaN',
      map: { a: 1 },
      set: [1, 2],
      bytes: '[Buffer 3 bytes]',
      call: '[function]',
      symbol: 'Symbol(s)',
      error: 'TypeError: no',
      nil: null,
    });
  });

  it('survives cycles, throwing getters and revoked proxies', () => {
    const cycle: Record<string, unknown> = { name: 'a' };
    cycle['self'] = cycle;
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const hostile = Object.defineProperty({ cycle, proxy }, 'bad', {
      enumerable: true,
      get() {
        throw new Error('no');
      },
    });
    assert.deepEqual(plainTags(hostile), {
      cycle: { name: 'a', self: '[circular]' },
      proxy: '[unreadable]',
      bad: '[unreadable]',
    });
  });

  it('keeps __proto__ as data and pollutes nothing', () => {
    const tags = plainTags(JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 2}'));
    assert.deepEqual(Object.keys(tags), ['__proto__', 'constructor']);
    assert.equal((tags as { polluted?: unknown }).polluted, undefined);
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });

  it('bounds keys, depth, items and the total, and counts what it left out', () => {
    const wide = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, i]));
    const tags = plainTags(wide);
    assert.equal(Object.keys(tags).length, LIMITS.tags + 1);
    assert.equal(tags['rowtrace.tags_cut'], 200 - LIMITS.tags);
    assert.equal(
      (plainTags({ list: Array.from({ length: 500 }, () => 1) })['list'] as unknown[]).length,
      LIMITS.arrayItems + 1,
    );
    const deep = JSON.stringify(plainTags({ a: { a: { a: { a: { a: { a: { a: { a: 1 } } } } } } } }));
    assert.ok(deep.includes('[object]'));
    const huge = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, 'x'.repeat(9_000)]));
    assert.ok(JSON.stringify(plainTags(huge)).length < LIMITS.tagsTotal * 1.1);
  });

  it('counts what has no text, too: nested lists of nothing have an end', () => {
    const times = (value: unknown, depth: number): unknown =>
      depth === 0 ? value : Array.from({ length: 100 }, () => times(value, depth - 1));
    for (const nothing of [null, {}, [], () => {}, undefined])
      assert.ok(JSON.stringify(plainTags({ list: times(nothing, 3) })).length < LIMITS.tagsTotal * 4);
  });

  it('a list that throws halfway is not around what comes after it', () => {
    const broken = [1];
    Object.defineProperty(broken, Symbol.iterator, {
      value: () => {
        throw new Error('no');
      },
    });
    assert.deepEqual(plainTags({ first: broken, again: { inside: broken } }), {
      first: '[unreadable]',
      again: { inside: '[unreadable]' },
    });
  });

  it('gives JSON for anything at all', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
        (value) => {
          const tags = plainTags(value);
          assert.deepEqual(JSON.parse(JSON.stringify(tags)), normal(tags));
        },
      ),
    );
  });
});

/** -0 is the one number that JSON writes differently. */
function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
