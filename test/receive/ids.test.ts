// Identities of what is received: the same for the same parts, however long.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { digestOf } from '../../src/receive/facts/ids.ts';

test('a digest is the SHA-256 of its parts, each ended by a zero byte, whatever their sizes', () => {
  for (const size of [0, 1, 400, 20_000, 21_843, 21_844, 65_535, 65_536, 200_000])
    for (const part of ['a'.repeat(size), '犬'.repeat(size), '\ud83d'.repeat(size), new Uint8Array(size).fill(7)]) {
      const parts = ['sender', part, 'end'];
      const expected = createHash('sha256');
      for (const one of parts) expected.update(one).update('\0');
      assert.equal(digestOf(...parts), expected.digest('hex'), `${typeof part} ${size}`);
    }
});
