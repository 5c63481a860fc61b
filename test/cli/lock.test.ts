import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { acquireLock, lockHolder } from '../../src/cli/owner/lock.ts';
import { selfIdentity } from '../../src/journal/identity.ts';
import { spawnNode } from '../support/children.ts';
import { cliDir } from '../support/cli.ts';

const LOCK = resolve(import.meta.dirname, '../../src/cli/owner/lock.ts');

/** A process that takes the lock at a given time, says whether it has it, and stays. */
const TAKER = `
const { acquireLock } = await import(process.argv[1]);
while (Date.now() < Number(process.argv[3]));
console.log(acquireLock(process.argv[2]) ? 'mine' : 'not mine');
setInterval(() => {}, 1000);`;

function taker(t: Parameters<typeof spawnNode>[0], dir: string, at: number) {
  return spawnNode(t, ['--input-type=module', '--eval', TAKER, LOCK, dir, String(at)]);
}

const locks = (dir: string) => readdirSync(dir).filter((name) => name.includes('owner.lock'));

test('one holder at a time; released, it is free for the next', (t) => {
  const dir = cliDir(t);
  const first = acquireLock(dir)!;
  assert.ok(first.isHeld());
  assert.equal(acquireLock(dir), undefined);
  assert.equal(lockHolder(dir)?.pid, process.pid);
  first.release();
  assert.equal(lockHolder(dir), undefined);
  const second = acquireLock(dir)!;
  assert.ok(second.isHeld());
  assert.ok(!first.isHeld());
  first.release();
  assert.ok(second.isHeld(), 'a lock that was overtaken releases nothing');
  assert.deepEqual(locks(dir), ['owner.lock.2']);
  second.release();
});

test('of eight that find a dead holder at the same moment, one wins', { timeout: 60_000 }, async (t) => {
  const dir = cliDir(t);
  for (let round = 1; round <= 3; round++) {
    const at = Date.now() + 1500;
    const takers = [...Array(8).keys()].map(() => taker(t, dir, at));
    while (takers.some(({ stdout }) => stdout === '')) await new Promise((done) => setTimeout(done, 20));
    const winners = takers.filter(({ stdout }) => stdout.trim() === 'mine');
    assert.equal(winners.length, 1, `round ${round}`);
    assert.equal(lockHolder(dir)?.pid, winners[0]!.process.pid);
    for (const { process } of takers) process.kill('SIGKILL');
    await Promise.all(takers.map(({ ended }) => ended));
    assert.equal(lockHolder(dir), undefined, 'a killed holder is none');
  }
});

test('a holder of which nothing is proven is left alone', (t) => {
  const dir = cliDir(t);
  const elsewhere = { ...selfIdentity(), hostname: 'another-host' };
  writeFileSync(join(dir, 'owner.lock.4'), JSON.stringify(elsewhere));
  assert.equal(acquireLock(dir), undefined);
  assert.equal(lockHolder(dir)?.hostname, 'another-host');
  writeFileSync(join(dir, 'owner.lock.4'), 'half a fi');
  assert.equal(acquireLock(dir), undefined, 'damaged, or being written');
});

test('whoever is overtaken or finds its lock removed knows it', (t) => {
  const dir = cliDir(t);
  const lock = acquireLock(dir)!;
  writeFileSync(join(dir, 'owner.lock.2'), JSON.stringify(selfIdentity()));
  assert.ok(!lock.isHeld());
});
