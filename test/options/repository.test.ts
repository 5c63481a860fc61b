// The commit that is checked out, read without git from repositories that git made, and from broken ones.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checkedOut } from '../../src/options/repository.ts';
import { folderFor } from '../support/folder.ts';
import { repositoryIn } from '../support/git.ts';

describe('a repository that git made', () => {
  test('a loose ref, from a folder far below', (t) => {
    const repository = repositoryIn(folderFor(t));
    const commit = repository.commit('one', { 'src/deep/down/app.js': '' });
    assert.deepEqual(checkedOut(join(repository.dir, 'src/deep/down')), { commit, branch: 'main' });
  });

  test('packed refs, and a loose ref that is newer than the packed one', (t) => {
    const repository = repositoryIn(folderFor(t));
    const first = repository.commit('one', { a: '1' });
    repository.git('tag', '-a', 'v1', '-m', 'annotated, which adds a peeled line');
    repository.git('branch', 'main-2');
    repository.git('pack-refs', '--all');
    assert.deepEqual(checkedOut(repository.dir), { commit: first, branch: 'main' });
    const second = repository.commit('two', { a: '2' });
    assert.deepEqual(checkedOut(repository.dir), { commit: second, branch: 'main' });
  });

  test('a detached HEAD has no branch', (t) => {
    const repository = repositoryIn(folderFor(t));
    const commit = repository.commit('one', {});
    repository.git('checkout', '-q', '--detach');
    assert.deepEqual(checkedOut(repository.dir), { commit, branch: undefined });
  });

  test('a branch with slashes', (t) => {
    const repository = repositoryIn(folderFor(t));
    const commit = repository.commit('one', {});
    repository.git('checkout', '-q', '-b', 'fix/deep/kennel');
    assert.deepEqual(checkedOut(repository.dir), { commit, branch: 'fix/deep/kennel' });
  });

  test('a worktree has a HEAD of its own and the branches of the repository', (t) => {
    const dir = folderFor(t);
    const repository = repositoryIn(join(dir, 'main'));
    repository.commit('one', {});
    repository.git('worktree', 'add', '-q', '-b', 'topic', join(dir, 'tree'));
    const topic = repositoryIn(join(dir, 'tree')).commit('two', { b: '' });
    assert.deepEqual(checkedOut(join(dir, 'tree')), { commit: topic, branch: 'topic' });
    repository.git('pack-refs', '--all');
    assert.deepEqual(checkedOut(join(dir, 'tree')), { commit: topic, branch: 'topic' });
    assert.notEqual(checkedOut(join(dir, 'main')).commit, topic);
  });

  test('a submodule, whose .git is a file with a relative path', (t) => {
    const dir = folderFor(t);
    const commit = repositoryIn(join(dir, 'library')).commit('one', { 'lib.js': '' });
    const outer = repositoryIn(join(dir, 'outer'));
    outer.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', join(dir, 'library'), 'library');
    outer.commit('with it', {});
    assert.equal(checkedOut(join(dir, 'outer/library')).commit, commit);
  });

  test('SHA-256', (t) => {
    const dir = folderFor(t);
    execFileSync('git', ['init', '-q', '--object-format=sha256', '-b', 'main', dir]);
    const commit = repositoryIn(dir).commit('one', {});
    assert.equal(commit.length, 64);
    assert.equal(checkedOut(dir).commit, commit);
  });

  test('before the first commit there is none', (t) => {
    assert.deepEqual(checkedOut(repositoryIn(folderFor(t)).dir), { commit: undefined, branch: 'main' });
  });
});

describe('what is broken gives nothing and never throws', () => {
  const COMMIT = 'a'.repeat(40);
  const cases: [what: string, files: Record<string, string>][] = [
    ['no HEAD', { '.git/config': '' }],
    ['an empty HEAD', { '.git/HEAD': '' }],
    ['a HEAD of rubbish', { '.git/HEAD': '\0\xff<html>' }],
    ['a ref that leads out of the folder', { '.git/HEAD': 'ref: refs/../../x\n', x: COMMIT }],
    ['an absolute ref', { '.git/HEAD': 'ref: /etc/hostname\n' }],
    [
      'refs in a circle',
      { '.git/HEAD': 'ref: refs/a\n', '.git/refs/a': 'ref: refs/b\n', '.git/refs/b': 'ref: refs/a\n' },
    ],
    ['a ref that is no commit', { '.git/HEAD': 'ref: refs/heads/m\n', '.git/refs/heads/m': 'not hex\n' }],
    ['a ref that is a folder', { '.git/HEAD': 'ref: refs/heads\n', '.git/refs/heads/m': COMMIT }],
    ['a gitdir that is not there', { '.git': 'gitdir: /no/such/folder\n' }],
    ['a gitdir of nothing', { '.git': 'gitdir: \n' }],
    ['a HEAD of a megabyte', { '.git/HEAD': 'a'.repeat(1 << 20) }],
    [
      'a packed-refs beyond the bound',
      {
        '.git/HEAD': 'ref: refs/heads/m\n',
        '.git/packed-refs': `${`${COMMIT} refs/heads/x\n`.repeat(100_000)}${COMMIT} refs/heads/m\n`,
      },
    ],
  ];
  for (const [what, files] of cases)
    test(what, (t) => {
      const dir = folderFor(t);
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(join(dir, name, '..'), { recursive: true });
        writeFileSync(join(dir, name), text, 'latin1');
      }
      assert.equal(checkedOut(dir).commit, undefined);
    });

  test('a named pipe in place of HEAD is not waited for', { skip: process.platform === 'win32' }, (t) => {
    const dir = folderFor(t);
    mkdirSync(join(dir, '.git'));
    execFileSync('mkfifo', [join(dir, '.git/HEAD')]);
    assert.deepEqual(checkedOut(dir), {});
  });

  test('a folder that is gone', (t) => {
    const dir = folderFor(t);
    rmSync(dir, { recursive: true });
    assert.equal(typeof checkedOut(join(dir, 'x')), 'object');
  });
});
