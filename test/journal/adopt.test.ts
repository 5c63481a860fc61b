import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { adopt, isProvenOrphan, removeJournal, sweep } from '../../src/journal/adopt.ts';
import { type Identity, isDead, isSelf, selfIdentity, tagOf } from '../../src/journal/identity.ts';
import { isOrphan, listJournals } from '../../src/journal/layout.ts';
import { isAbsent, presenceIn } from '../../src/journal/presence.ts';
import { JournalReader } from '../../src/journal/reader.ts';
import { script, spawnNode } from '../support/children.ts';
import { noContainers, nodeCommand, spawnInContainer } from '../support/container.ts';
import { logFact, messagesOf, readAll, temporaryFolder, testJournal, until } from '../support/journals.ts';

const me = selfIdentity();

/** A pid that was alive a moment ago and is not any more. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

function journalOf(dir: string, name: string, owner: Identity): string {
  const path = join(dir, 'journal', name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'owner.json'), JSON.stringify({ process: name, service: 's', shippedBy: 'self', ...owner }));
  return path;
}

const cases: [string, Identity, boolean][] = [
  ['this process', me, false],
  ['its parent', { ...me, pid: process.ppid, startTime: undefined }, false],
  ['a pid that is not there', { ...me, pid: deadPid() }, true],
  ['a pid that is not there, start time unknown', { ...me, pid: deadPid(), startTime: undefined }, true],
  ['a dead pid of another host', { ...me, pid: deadPid(), hostname: 'elsewhere', pidNamespace: '1' }, false],
  ['another boot of another host', { ...me, bootId: 'x', hostname: 'elsewhere' }, false],
];
// Start time and boot id are known on Linux only.
if (me.startTime) cases.push(['our pid, started at another time', { ...me, startTime: '1' }, true]);
// Containers: the same host name proves nothing, another one of the same namespace is one host that was renamed.
if (me.pidNamespace) {
  cases.push(['a dead pid of another namespace', { ...me, pid: deadPid(), pidNamespace: '1' }, false]);
  cases.push(['a dead pid of our namespace, under another host name', { ...me, pid: deadPid(), hostname: 'x' }, true]);
}
if (me.bootId) cases.push(['another boot of this host', { ...me, bootId: 'x' }, true]);

for (const [who, identity, dead] of cases) {
  test(`${who} is ${dead ? 'provably dead' : 'not provably dead'}, from owner.json as from a directory name`, () => {
    assert.equal(isDead(identity), dead);
    assert.equal(isDead(tagOf(identity)), dead);
  });
}

test('a tag that cannot be read proves nothing', () => {
  for (const tag of ['', 'x', '1', '1.2', 'x.y.z', '..']) assert.equal(isDead(tag), false);
});

test('the journal of a living process is not adopted, the journal of a dead one is, under our name', async (t) => {
  const dir = temporaryFolder(t);
  const living = journalOf(dir, 'living', me);
  const dead = journalOf(dir, 'dead', { ...me, pid: deadPid() });
  assert.equal(await adopt(living), undefined);
  assert.ok(existsSync(living));
  const taken = (await adopt(dead))!;
  assert.ok(taken.startsWith(join(dir, 'journal', `dead~${tagOf(me)}`)));
  assert.equal(existsSync(dead), false);
  assert.equal(await adopt(taken), undefined, 'its adopter lives');
  const journal = listJournals(dir).find(({ id }) => id === 'dead')!;
  assert.equal(isOrphan(journal), false);
  assert.ok(isSelf(journal.holder!));
});

test('what a crashed adopter held can be adopted again', async (t) => {
  const dir = temporaryFolder(t);
  const gone = { ...me, pid: deadPid() };
  const first = (await adopt(journalOf(dir, 'dead', gone), me))!;
  assert.equal(await adopt(first), undefined);
  const crashed = journalOf(dir, `other~${tagOf(gone)}`, gone);
  assert.ok((await adopt(crashed))!.startsWith(join(dir, 'journal', `other~${tagOf(me)}`)));
});

for (const [name, below] of [
  ['a short path', ''],
  ['a path longer than a socket may have', join('x'.repeat(60), 'y'.repeat(60))],
] as const) {
  test(`what a process in another container holds, in ${name}, is left alone while it lives, its event loop blocked, and adopted when it is dead`, {
    skip: noContainers,
  }, async (t) => {
    const dir = join(temporaryFolder(t), below);
    const child = spawnInContainer(t, `exec ${nodeCommand([script('hold-journal.ts'), dir])}`);
    await until('it has written and blocks', () => child.stdout.includes('blocked'));
    const [journal] = listJournals(dir);
    assert.equal(journal!.owner.hostname, 'elsewhere');
    assert.equal(isDead(journal!.owner), false, 'its pid is nothing to us');
    for (let n = 0; n < 20; n++) assert.equal(await adopt(journal!.path), undefined);
    await sweep(dir);
    child.process.kill('SIGKILL');
    await child.ended;
    await until('it is proven dead', () => isProvenOrphan(journal!));
    const taken = (await adopt(journal!.path))!;
    assert.deepEqual(messagesOf(readAll(new JournalReader(taken))), ['held']);
    removeJournal(taken);
    await sweep(dir);
    assert.equal(readdirSync(join(dir, 'alive')).length, 1, 'its sign of life is gone, ours is there');
  });
}

test('a sign of life that is not there, or was made on another device, proves nothing', async (t) => {
  const dir = temporaryFolder(t);
  const presence = presenceIn(dir);
  if (!presence) return t.skip('Linux only');
  await presence.ready;
  assert.equal(await isAbsent(dir, presence.token), false);
  assert.equal(await isAbsent(dir, `${presence.token}x`), false);
  const dead = spawnNode(t, [script('hold-journal.ts'), dir]);
  await until('it blocks', () => dead.stdout.includes('blocked'));
  const token = listJournals(dir)[0]!.owner.presence!;
  assert.equal(await isAbsent(dir, token), false);
  dead.process.kill('SIGKILL');
  await dead.ended;
  assert.equal(await isAbsent(dir, token), true);
  const other = `0-${token}`;
  renameSync(join(dir, 'alive', token), join(dir, 'alive', other));
  assert.equal(await isAbsent(dir, other), false);
});

test('a directory without a readable owner is left alone', async (t) => {
  const dir = temporaryFolder(t);
  const path = journalOf(dir, 'torn', me);
  writeFileSync(join(path, 'owner.json'), '{"pid":');
  assert.deepEqual(listJournals(dir), []);
  assert.equal(await adopt(path), undefined);
  assert.ok(existsSync(path));
});

test('of adopters that race, exactly one gets each journal', async (t) => {
  const dir = temporaryFolder(t);
  const names = Array.from({ length: 60 }, (_, n) => `p${n}`);
  const gone = { ...me, pid: deadPid() };
  for (const name of names) journalOf(dir, name, gone);
  const children = [1, 2, 3].map(() => spawnNode(t, [script('adopt-all.ts'), dir]));
  for (const child of children) await until('ready', () => child.stdout.includes('ready'));
  for (const child of children) child.process.stdin!.write('go\n');
  for (const child of children) await until('adopted', () => child.stdout.includes(']'));
  const taken = children.flatMap((child) => JSON.parse(child.stdout.replace('ready', '')) as string[]);
  assert.deepEqual(taken.map((name) => name.split('~')[0]).sort(), names.sort());
  for (const child of children) child.process.stdin!.end();
});

test('a removal that a crash cut short is finished by the next look', async (t) => {
  const dir = temporaryFolder(t);
  const journal = testJournal(dir);
  journal.appendNow(logFact('one'));
  const path = journal.dir!;
  journal.close();
  mkdirSync(join(dir, 'journal', '.gone-1', 'x'), { recursive: true });
  removeJournal(path);
  await sweep(dir);
  assert.deepEqual(readdirSync(join(dir, 'journal')), []);
});
