import assert from 'node:assert/strict';
import { copyFileSync, existsSync, linkSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { logFact, temporaryFolder, testJournal } from '../support/journals.ts';
import { processorMillis } from '../support/processor-time.ts';

test('a backlog of 512 MiB does not delay the first record of the next process', (t) => {
  const dir = temporaryFolder(t);
  const old = testJournal(dir, { maxBytes: 1e12 });
  while (!existsSync(join(old.dir ?? dir, '00000002.ndjson')))
    for (let n = 0; n < 100; n++) old.append(logFact('x'.repeat(10_000)));
  // The same segment under many names and in many journals: 128 times 4 MiB, without writing them.
  const segment = join(old.dir!, '00000001.ndjson');
  for (let journal = 0; journal < 16; journal++) {
    const draft = join(dir, 'journal', `.draft-${journal}`);
    mkdirSync(draft);
    copyFileSync(join(old.dir!, 'owner.json'), join(draft, 'owner.json'));
    for (let n = 1; n <= 8; n++) linkSync(segment, join(draft, `0000000${n}.ndjson`));
    renameSync(draft, join(dir, 'journal', `dead-${journal}`));
  }
  let journal!: ReturnType<typeof testJournal>;
  const millis = processorMillis(() => {
    journal = testJournal(dir);
    journal.appendNow(logFact('first'));
  });
  assert.equal(journal.stats().written, 1);
  assert.ok(millis < 100, `${millis} ms`);
});
