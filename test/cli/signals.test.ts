// The first signal ends a command in order, the next one at once, whichever of the two it is.

import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { spawnNode } from '../support/children.ts';
import { until } from '../support/journals.ts';

const signals = pathToFileURL(resolve(import.meta.dirname, '../../src/cli/signals.ts')).href;
const program = `
  import { untilSignal } from '${signals}';
  const over = untilSignal();
  setInterval(() => {}, 1_000);
  console.log('runs');
  await over;
  console.log('ends');
`;

for (const [first, second] of [
  ['SIGTERM', 'SIGINT'],
  ['SIGINT', 'SIGTERM'],
  ['SIGINT', 'SIGINT'],
] as const)
  test(`${first}, and ${second} while it takes its time`, {
    skip: process.platform === 'win32',
    timeout: 30_000,
  }, async (t) => {
    const child = spawnNode(t, ['--input-type=module', '-e', program]);
    await until('it runs', () => child.stdout.includes('runs'));
    child.process.kill(first);
    await until('it ends in order', () => child.stdout.includes('ends'));
    child.process.kill(second);
    assert.deepEqual(await child.ended, { code: null, signal: second });
  });
