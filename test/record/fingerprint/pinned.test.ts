import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { keysOf, readCases } from '../../../bench/grouping.ts';

/** Case id → the first 16 digits of its key in version 1. A change that needs this file to change needs a new version. */
type Pinned = Record<string, Record<string, string>>;

const fixture = (name: string) => new URL(`../../fixtures/${name}`, import.meta.url);
const pinned: Pinned = JSON.parse(readFileSync(fixture('own-pinned-keys.json'), 'utf8'));

describe('keys of version 1', () => {
  for (const [name, expected] of Object.entries(pinned))
    it(`of ${name} are what they were when they were pinned`, () => {
      const cases = readCases(fixture(name));
      const keys = keysOf(cases);
      const found = cases.map(({ id }, i) => [id, keys[i]!.slice(0, 16)] as const).filter(([id]) => id in expected);
      assert.deepEqual(Object.fromEntries(found), expected);
    });
});
