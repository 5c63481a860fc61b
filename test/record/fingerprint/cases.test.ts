import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keysOf, readCases, score } from '../../../bench/grouping.ts';

describe('labelled cases', () => {
  for (const name of ['grouping-cases.json', 'own-grouping-cases.json']) {
    const cases = readCases(new URL(`../../fixtures/${name}`, import.meta.url)).filter(({ tier }) => tier === 'core');

    it(`${name}: core tier reaches F1 0.95 at precision 0.99, every near miss apart`, () => {
      const wrong: string[] = [];
      const result = score(cases, keysOf(cases), (line) => wrong.push(line));
      assert.ok(result.f1 >= 0.95 && result.precision >= 0.99, `${JSON.stringify(result)}\n${wrong.join('\n')}`);
      assert.equal(result.nearMissApart, result.nearMissPairs, wrong.join('\n'));
    });
  }
});
