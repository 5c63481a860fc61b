import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { JournalReader } from '../../src/journal/reader.ts';
import { script, spawnNode } from '../support/children.ts';
import type { CrashPoint } from '../support/crash-points.ts';
import { readAll, temporaryFolder } from '../support/journals.ts';

const preload = new URL('../support/crash-points.ts', import.meta.url).href;
const points: CrashPoint[] = ['seg-created', 'frame-half', 'frame-written', 'sealed'];

for (const point of points) {
  for (const passes of [0, 2]) {
    test(`a writer killed at ${point}, passed ${passes} times before, has lost nothing that appendNow returned for`, async (t) => {
      const dir = temporaryFolder(t);
      const env = { ROWTRACE_TEST_CRASH: `${point}:${passes}` };
      const child = spawnNode(t, ['--import', preload, script('write-journal.ts'), dir], env);
      assert.equal((await child.ended).signal, 'SIGKILL');
      const promised = child.stdout.split('\n').slice(0, -1);
      if (passes > 0) assert.ok(promised.length > 0);
      const [name] = readdirSync(join(dir, 'journal'));
      const reader = new JournalReader(join(dir, 'journal', name!));
      reader.abandoned = true;
      const ids = [...readAll(reader), ...reader.end()].flatMap(({ fact }) => (fact?.k === 'log' ? [fact.id] : []));
      assert.deepEqual(ids.slice(0, promised.length), promised);
      assert.ok(ids.length <= promised.length + 1, 'one may be in the file that the caller does not know of');
      assert.equal(reader.counts.lostFrames, point === 'frame-half' && passes > 0 ? 1 : 0);
    });
  }
}
