import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadOptions } from '../../src/options/options.ts';
import { unknownVariables } from '../../src/options/unknown-names.ts';
import { folderFor } from '../support/folder.ts';

test('variables that are no option are found, with what was probably meant', () => {
  const env = {
    ROWTRACE_LEVLE: 'INFO',
    ROWTRACE_SOMETHING_ELSE: '1',
    ...{
      ROWTRACE_LEVEL: 'INFO',
      ROWTRACE_CONFIG: 'x',
      ROWTRACE_DEBUG: '1',
      ROWTRACE_QUEUE: 'x',
      ROWTRACE_INTERNAL: '1',
    },
    ...{ ROWTRACE_OWNER_TCP: '1', ROWTRACE_TEST_DATABASE_URL: 'x', ROWTRACE_FUZZ_RUNS: '1', OTHER: '1' },
  };
  assert.deepEqual(unknownVariables(env), [
    { name: 'ROWTRACE_LEVLE', meant: 'ROWTRACE_LEVEL' },
    { name: 'ROWTRACE_SOMETHING_ELSE' },
  ]);
});

test('an option that there is not is said with where it was given', (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'rowtrace.config.json');
  writeFileSync(path, '{ "levle": "INFO" }');
  const message = `There is no option levle (did you mean level?), given in ${path}.`;
  assert.throws(() => loadOptions({}, {}, folder), { code: 'RT_OPTION_UNKNOWN', message });
  assert.throws(() => loadOptions({ nopeNopeNope: 1 } as object, {}, join(folder, 'none')), {
    message: 'There is no option nopeNopeNope, given in the code.',
  });
});
