import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { recordRules } from '../../src/deliver/rules.ts';
import { loadOptions } from '../../src/options/options.ts';
import { threadOptions } from '../../src/thread-options.ts';
import { logFact, resource } from '../record/facts.ts';
import { folderFor } from '../support/folder.ts';

describe('fingerprintRules', () => {
  const wrong: [given: unknown, message: RegExp][] = [
    ['type=X', /^Option fingerprintRules = "type=X" is not valid: expected a list of \{ type\?/],
    [[null], /rule 1 is no object/],
    [[['x']], /rule 1 is no object/],
    [[{ type: 'X' }], /rule 1 lacks fingerprint/],
    [[{ type: 'X', fingerprint: 'x' }, { fingerprint: 'x' }], /rule 2 has no condition \(type, message/],
    [[{ typ: 'X', fingerprint: 'x' }], /rule 1 has the field "typ"; a rule may have type, message, service/],
    [[{ type: 7, fingerprint: 'x' }], /type of rule 1 should be a text of 1 to 1000 characters/],
    [[{ type: '', fingerprint: 'x' }], /type of rule 1 should be a text/],
    [[{ type: 'X', fingerprint: 'x'.repeat(1001) }], /fingerprint of rule 1 should be a text/],
    [Array(501).fill({ type: 'X', fingerprint: 'x' }), /at most 500 rules, not 501/],
  ];
  for (const [given, message] of wrong)
    test(`${JSON.stringify(given).slice(0, 60)} is refused with the reason`, () => {
      assert.throws(() => loadOptions({ fingerprintRules: given }, {}), { code: 'RT_OPTION_INVALID', message });
    });

  test('come from the configuration file, frozen, and reach the rows of delivery', (t) => {
    const dir = folderFor(t);
    const rules = [{ message: 'no dog *', fingerprint: 'missing dog' }];
    writeFileSync(join(dir, 'rowtrace.config.json'), JSON.stringify({ fingerprintRules: rules }));
    const options = loadOptions({}, {}, dir);
    assert.deepEqual(options.fingerprintRules, rules);
    assert.ok(Object.isFrozen(options.fingerprintRules) && Object.isFrozen(options.fingerprintRules[0]));

    // Posted to the thread as data.
    const posted = structuredClone(threadOptions(options, { to: 'postgres', databaseUrl: 'postgres://h/d' }));
    const keyOf = (message: string, given = posted.fingerprintRules) =>
      recordRules({}, given).log(logFact({ message }), resource).fingerprint;
    assert.equal(keyOf('no dog Rex'), keyOf('no dog Luna'));
    assert.notEqual(keyOf('no dog Rex'), keyOf('no cat Rex'));
    assert.notEqual(keyOf('no dog Rex'), keyOf('no dog Rex', []), 'without rules the algorithm decides');
  });

  test('nothing given: no rules', () => {
    assert.deepEqual(loadOptions({}, {}).fingerprintRules, []);
  });
});
