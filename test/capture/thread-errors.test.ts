// An error that ends a worker thread of the application: a row whoever listens, once, and nothing else is changed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journaled } from '../support/journaled.ts';

const THREAD = `import { Worker } from 'node:worker_threads';
  const worker = new Worker('throw new TypeError("in a thread")', { eval: true });
  worker.on('exit', (code) => console.log('exit', code));`;

//  title, what the main thread does → rows
const CASES: [string, string, string[]][] = [
  ['a listener that says nothing', `worker.on('error', () => {});`, ['ERROR in a thread worker_threads']],
  [
    'one that prints the error',
    `worker.on('error', (error) => console.error(error));`,
    ['ERROR in a thread worker_threads'],
  ],
  ['none: it crashes', '', ['CRITICAL in a thread process']],
  [
    'a promise that waits for the end',
    `import { once } from 'node:events'; await once(worker, 'exit').catch((error) => console.log(error.message));`,
    ['ERROR in a thread worker_threads'],
  ],
  ['a thread that is ended', `worker.on('error', () => {}); await worker.terminate();`, []],
];

for (const [title, main, expected] of CASES)
  test(title, async (t) => {
    const program = title.includes('is ended')
      ? THREAD.replace('throw new TypeError("in a thread")', 'setInterval(() => {}, 9e9)')
      : THREAD;
    const hooked = await journaled(t, `${program}\n${main}`);
    const bare = await journaled(t, `${program}\n${main}`, { bare: true });
    assert.deepEqual(
      hooked.rows.map(({ level, message, module }) => `${level} ${message} ${module}`),
      expected,
    );
    assert.deepEqual([hooked.code, linesOf(hooked.stdout)], [bare.code, linesOf(bare.stdout)]);
  });

/** Sorted: whether a promise learns of the error before `exit` is emitted Node leaves to chance. */
function linesOf(text: string): string[] {
  return text.split('\n').sort();
}
