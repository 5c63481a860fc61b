import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { script, spawnNode } from '../support/children.ts';
import { temporaryFolder, until } from '../support/journals.ts';
import { ScriptedSink } from '../support/scripted-sink.ts';
import { startShipper } from './support.ts';

const ROUNDS = 8;

test('of writers that are killed at random, every record that appendNow returned for is stored exactly once', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const promised = new Set<string>();
  // Also while others are being shipped and new ones write.
  const shipper = startShipper(t, dir, sink);
  for (let round = 0; round < ROUNDS; round += 2) {
    const children = [0, 1].map(() => spawnNode(t, [script('write-journal.ts'), dir]));
    for (const [n, child] of children.entries())
      await until('it writes', () => child.stdout.length > 37 * (10 + 150 * ((round + n) % 5)));
    for (const child of children) child.process.kill('SIGKILL');
    for (const child of children) {
      await child.ended;
      // The last line may be torn by the kill; whole lines were promised.
      for (const id of child.stdout.split('\n').slice(0, -1)) promised.add(id);
    }
  }
  await until('all journals are shipped and gone', () => readdirSync(join(dir, 'journal')).length === 0, 30_000);
  const lost = [...promised].filter((id) => !sink.logs.has(id));
  assert.equal(lost.length, 0);
  // A record may be in the file whose id was not said any more: one for each kill.
  assert.ok(sink.logs.size <= promised.size + ROUNDS);
  assert.equal(shipper.stats().stored, sink.logs.size);
  assert.equal(shipper.stats().deadLettered, 0);
});

test('a live writer of another process is left alone', async (t) => {
  const dir = temporaryFolder(t);
  const sink = new ScriptedSink();
  const child = spawnNode(t, [script('write-journal.ts'), dir]);
  await until('it writes', () => child.stdout.length > 100);
  const [name] = readdirSync(join(dir, 'journal'));
  const shipper = startShipper(t, dir, sink);
  assert.equal(await shipper.flush(5000), true);
  assert.equal(sink.logs.size, 0);
  assert.ok(existsSync(join(dir, 'journal', name!)));
});
