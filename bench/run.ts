// `npm run bench [-- --short] [-- NAME …]`: each benchmark answers one question and prints ratios measured in this run.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const BENCHMARKS = [
  'capture',
  'express',
  'grouping',
  'fingerprint',
  'scrub',
  'source-maps',
  'storm',
  'templates',
  'write',
  'baseline',
  'latency',
  'record',
  'spans',
  'start',
  'manual',
  'loggers',
  'loop',
  'receive',
  'receive-rows',
];

const given = process.argv.slice(2);
const names = given.filter((word) => !word.startsWith('-'));
const flags = given.filter((word) => word.startsWith('-'));
const unknown = names.find((name) => !BENCHMARKS.includes(name));
if (unknown !== undefined) {
  console.error(`There is no benchmark ${unknown}; there are ${BENCHMARKS.join(', ')}.`);
  process.exit(2);
}

let failed = 0;
for (const name of names.length > 0 ? names : BENCHMARKS) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`), ...flags], {
    stdio: 'inherit',
  });
  if (status !== 0) failed++;
}
process.exitCode = failed > 0 ? 1 : 0;
