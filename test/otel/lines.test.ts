// The differences between the two lines of OpenTelemetry JS are in one file: no other may import what only one of them has.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..');
const IMPORT = /^(?:import|export) (type )?([^;]*?) from '(@opentelemetry\/[^']+)';/gm;
/** Of @opentelemetry/api; the 1.9 of the 2.x line has neither. */
const OF_3 = /\b(logs|SeverityNumber)\b/;
/** Whose ES modules of 3.x need them of the API: required, never imported. */
const REQUIRED = ['@opentelemetry/instrumentation', '@opentelemetry/sdk-logs'];
/** Of the 2.x line only. */
const OF_2 = ['@opentelemetry/api-logs', '@opentelemetry/sdk-trace-base', '@opentelemetry/sdk-trace-node'];

test('nothing imports statically what one line of OpenTelemetry JS has and the other has not', () => {
  const files = globSync('{src,exporters}/**/*.ts', { cwd: ROOT });
  const found: string[] = [];
  let imports = 0;
  for (const file of files)
    for (const [statement, type, names, from] of readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORT)) {
      imports++;
      const isOf3 = from === '@opentelemetry/api' && type === undefined && OF_3.test(names!);
      const isOfOne = OF_2.includes(from!) || (REQUIRED.includes(from!) && type === undefined);
      if (isOf3 || isOfOne) found.push(`${file}: ${statement}`);
    }
  assert.deepEqual(found, []);
  assert.ok(imports > 50, `${imports} imports were looked at`);
});
