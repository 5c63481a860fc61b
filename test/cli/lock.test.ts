import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { acquireLock, lockHolder } from '../../src/cli/owner/lock.ts';
import { type Identity, selfIdentity } from '../../src/journal/identity.ts';
import { type Child, script, spawnNode } from '../support/children.ts';
import { cliDir, eventually } from '../support/cli.ts';
import { noContainers, nodeCommand, spawnInContainer } from '../support/container.ts';

type Spawn = (t: TestContext, args: string[]) => Child;

const spawnElsewhere: Spawn = (t, args) => spawnInContainer(t, `exec ${nodeCommand(args)}`);

/** Processes that try at the same moment; those that have the lock go on with a blocked event loop. */
async function race(t: TestContext, dir: string, spawns: readonly Spawn[]) {
  const at = String(Date.now() + 1500);
  const takers = spawns.map((spawn) => spawn(t, [script('take-lock.ts'), dir, at]));
  await eventually(() => takers.every(({ stdout }) => stdout.endsWith('\n')));
  const all = takers.map((taker) => ({ taker, ...(JSON.parse(taker.stdout) as Identity & { isMine: boolean }) }));
  const winners = all.filter(({ isMine }) => isMine);
  return { takers, winners };
}

async function end(child: Child): Promise<void> {
  child.process.kill('SIGKILL');
  await child.ended;
}

const locks = (dir: string) => readdirSync(dir).filter((name) => name.includes('owner.lock'));

test('one holder at a time; released, it is free for the next', async (t) => {
  const dir = cliDir(t);
  const first = (await acquireLock(dir))!;
  assert.ok(first.isHeld());
  assert.equal(await acquireLock(dir), undefined);
  assert.equal((await lockHolder(dir))?.pid, process.pid);
  first.release();
  assert.equal(await lockHolder(dir), undefined);
  const second = (await acquireLock(dir))!;
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
    const { takers, winners } = await race(t, dir, Array(8).fill(spawnNode));
    assert.equal(winners.length, 1, `round ${round}`);
    assert.equal((await lockHolder(dir))?.pid, winners[0]!.pid);
    await Promise.all(takers.map(end));
    assert.equal(await lockHolder(dir), undefined, 'a killed holder is none');
  }
});

test('of eight containers in which each is process 1, one wins, and the lock is its own', {
  timeout: 120_000,
  skip: noContainers,
}, async (t) => {
  const dir = cliDir(t);
  for (let round = 1; round <= 3; round++) {
    const { takers, winners } = await race(t, dir, Array(8).fill(spawnElsewhere));
    assert.equal(winners.length, 1, `round ${round}`);
    const [winner] = winners;
    assert.equal(winner!.pid, 1);
    assert.equal((await lockHolder(dir))?.pidNamespace, winner!.pidNamespace);
    await Promise.all(takers.filter((taker) => taker !== winner!.taker).map(end));
    for (let n = 0; n < 20; n++) assert.equal(await acquireLock(dir), undefined, 'it lives, its event loop blocked');
    const { winners: others } = await race(t, dir, [spawnElsewhere, spawnNode]);
    assert.deepEqual(others, []);
    await end(winner!.taker);
    await eventually(async () => (await lockHolder(dir)) === undefined);
  }
  const lock = (await acquireLock(dir))!;
  assert.ok(lock.isHeld());
  assert.equal(locks(dir).length, 1);
  assert.equal(readdirSync(join(dir, 'owner.alive')).length, 1, 'signs of life of the dead are gone');
});

test('a holder of which nothing is proven is left alone', async (t) => {
  const dir = cliDir(t);
  const elsewhere = { ...selfIdentity(), hostname: 'another-host' };
  writeFileSync(join(dir, 'owner.lock.4'), JSON.stringify(elsewhere));
  assert.equal(await acquireLock(dir), undefined);
  assert.equal((await lockHolder(dir))?.hostname, 'another-host');
  writeFileSync(join(dir, 'owner.lock.4'), 'half a fi');
  assert.equal(await acquireLock(dir), undefined, 'damaged, or being written');
});

test('whoever is overtaken or finds its lock removed knows it', async (t) => {
  const dir = cliDir(t);
  const lock = (await acquireLock(dir))!;
  writeFileSync(join(dir, 'owner.lock.2'), JSON.stringify(selfIdentity()));
  assert.ok(!lock.isHeld());
});
