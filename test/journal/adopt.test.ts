import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { adopt, removeJournal, sweep } from '../../src/journal/adopt.ts';
import { type Identity, isDead, selfIdentity, tagOf } from '../../src/journal/identity.ts';
import { isOrphan, listJournals } from '../../src/journal/layout.ts';
import { script, spawnNode } from '../support/children.ts';
import { logFact, temporaryFolder, testJournal, until } from '../support/journals.ts';

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
  ['a dead pid of another host', { ...me, pid: deadPid(), hostname: 'elsewhere' }, false],
  ['another boot of another host', { ...me, bootId: 'x', hostname: 'elsewhere' }, false],
];
// Start time and boot id are known on Linux only.
if (me.startTime) cases.push(['our pid, started at another time', { ...me, startTime: '1' }, true]);
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

test('the journal of a living process is not adopted, the journal of a dead one is, under our name', (t) => {
  const dir = temporaryFolder(t);
  const living = journalOf(dir, 'living', me);
  const dead = journalOf(dir, 'dead', { ...me, pid: deadPid() });
  assert.equal(adopt(living), undefined);
  assert.ok(existsSync(living));
  const taken = adopt(dead)!;
  assert.equal(taken, join(dir, 'journal', `dead~${tagOf(me)}`));
  assert.equal(existsSync(dead), false);
  assert.equal(adopt(taken), undefined, 'its adopter lives');
  const journal = listJournals(dir).find(({ id }) => id === 'dead')!;
  assert.equal(isOrphan(journal), false);
});

test('what a crashed adopter held can be adopted again', (t) => {
  const dir = temporaryFolder(t);
  const gone = { ...me, pid: deadPid() };
  const dead = journalOf(dir, 'dead', gone);
  const first = adopt(dead, me)!;
  assert.equal(adopt(first), undefined);
  const crashed = journalOf(dir, `other~${tagOf(gone)}`, gone);
  assert.equal(adopt(crashed), join(dir, 'journal', `other~${tagOf(me)}`));
});

test('a directory without a readable owner is left alone', (t) => {
  const dir = temporaryFolder(t);
  const path = journalOf(dir, 'torn', me);
  writeFileSync(join(path, 'owner.json'), '{"pid":');
  assert.deepEqual(listJournals(dir), []);
  assert.equal(adopt(path), undefined);
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

test('a removal that a crash cut short is finished by the next look', (t) => {
  const dir = temporaryFolder(t);
  const journal = testJournal(dir);
  journal.appendNow(logFact('one'));
  const path = journal.dir!;
  journal.close();
  mkdirSync(join(dir, 'journal', '.gone-1', 'x'), { recursive: true });
  removeJournal(path);
  sweep(dir);
  assert.deepEqual(readdirSync(join(dir, 'journal')), []);
});
