// Of the texts that were kept, exactly those are found again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TextMemo } from '../../src/util/text-memo.ts';

test('gives back what was kept for the same text, and nothing for another', () => {
  const texts = fc.uniqueArray(fc.string({ maxLength: 400 }), { minLength: 2, maxLength: 20 });
  fc.assert(
    fc.property(texts, ([absent, ...kept]) => {
      const memo = new TextMemo<string>({ maxTexts: 64, maxLength: 1_000 });
      for (const text of kept) memo.set(text, `<${text}>`);
      assert.equal(memo.get(absent!), undefined);
      // One may have taken the place of another, never its value.
      for (const text of kept) assert.ok([undefined, `<${text}>`].includes(memo.get(text)));
      assert.equal(memo.get(kept.at(-1)!), `<${kept.at(-1)}>`);
    }),
  );
});

test('texts that differ only where no sample is taken are two', () => {
  const memo = new TextMemo<number>({ maxTexts: 8, maxLength: 4_096 });
  const long = 'x'.repeat(2_000);
  for (let at = 0; at < 40; at++) {
    const other = `${long.slice(0, at)}y${long.slice(at + 1)}`;
    memo.set(long, -1);
    assert.equal(memo.get(other), undefined);
    memo.set(other, at);
    assert.equal(memo.get(other), at);
  }
});

test('is bounded in number and in length', () => {
  const memo = new TextMemo<number>({ maxTexts: 3, maxLength: 10 });
  memo.set('x'.repeat(11), 1);
  assert.equal(memo.get('x'.repeat(11)), undefined);
  for (let at = 0; at < 100; at++) memo.set(String(at), at);
  const left = Array.from({ length: 100 }, (_, at) => memo.get(String(at))).filter((value) => value !== undefined);
  assert.ok(left.length >= 1 && left.length <= 3, String(left.length));
});
