import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadOptions } from '../../src/options/options.ts';

test('scrubKeys of any language are taken; one without letters and digits would mask nothing and is refused', () => {
  assert.deepEqual(loadOptions({}, { ROWTRACE_SCRUB_KEYS: 'chip_number,Schlüssel,密码,pw' }).scrubKeys, [
    'chip_number',
    'Schlüssel',
    '密码',
    'pw',
  ]);
  assert.throws(
    () => loadOptions({ scrubKeys: ['chip', '--'] }, {}),
    /scrubKeys .*"--" has no letter and no digit; give the name of an attribute/,
  );
});
