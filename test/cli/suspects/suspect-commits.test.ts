// Suspect commits on small repositories made here.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { matchFiles } from '../../../src/cli/suspects/match-files.ts';
import { type SuspectQuery, suspectCommits } from '../../../src/cli/suspects/suspect-commits.ts';
import { folderFor } from '../../support/folder.ts';
import { repositoryIn } from '../../support/git.ts';

describe('files of a stack in a repository', () => {
  const tracked = [
    'src/billing/charge.ts',
    'src/orders/charge.ts',
    'src/main.ts',
    'lib/main.js',
    'a/index.js',
    'b/index.js',
  ];
  const cases: [path: string, file: string | undefined][] = [
    ['/app/src/billing/charge.ts', 'src/billing/charge.ts'],
    ['file:///app/dist/billing/charge.js', 'src/billing/charge.ts'],
    ['C:\\app\\src\\orders\\charge.ts', 'src/orders/charge.ts'],
    ['webpack://shop/./src/main.ts?1a2b', 'src/main.ts'],
    ['/app/main.js', 'lib/main.js'],
    ['/app/index.js', undefined],
    ['/app/charge.py', undefined],
    ['/app/none.ts', undefined],
    ['../src/billing/charge.ts', 'src/billing/charge.ts'],
    ['', undefined],
  ];
  for (const [path, file] of cases)
    test(`${path || '(empty)'} is ${file ?? 'none'}`, () => {
      assert.deepEqual(matchFiles([path], tracked), file === undefined ? [] : [file]);
    });
});

describe('suspect commits', () => {
  /** v1 good; then three commits, two of which touch the file; v2 bad. */
  function history(dir: string) {
    const repository = repositoryIn(dir);
    repository.commit('before', { 'src/pay.ts': '0', 'src/other.ts': '0' });
    const good = repository.commit('v1', { 'src/pay.ts': '1' });
    const first = repository.commit('Charge twice', { 'src/pay.ts': '2' });
    repository.commit('Something else', { 'src/other.ts': '2' });
    const last = repository.commit('Charge \x1b[2J`thrice` -- --output=x', { 'src/pay.ts': '3' });
    const bad = repository.commit('v2', { 'README.md': '' });
    const query: SuspectQuery = {
      good: { release: '1', sha: good },
      bad: { release: '2', sha: bad },
      paths: ['/app/dist/pay.js'],
      cwd: dir,
    };
    return { repository, good, bad, first, last, query };
  }

  test('are those that touched the file between the releases, newest first', async (t) => {
    const { query, first, last } = history(folderFor(t));
    const { commits, files, why } = await suspectCommits(query);
    assert.deepEqual(files, ['src/pay.ts']);
    assert.deepEqual(
      commits.map(({ sha }) => sha),
      [last, first],
    );
    assert.deepEqual([commits[1]!.author, commits[1]!.subject], ['Ada', 'Charge twice']);
    assert.ok(commits[0]!.date > commits[1]!.date);
    assert.equal(why, undefined);
  });

  test('also from a folder below, and with abbreviated SHAs', async (t) => {
    const { query, repository, good, bad } = history(folderFor(t));
    const short = { good: { release: '1', sha: good.slice(0, 8) }, bad: { release: '2', sha: bad.slice(0, 8) } };
    const { commits } = await suspectCommits({ ...query, ...short, cwd: join(repository.dir, 'src') });
    assert.equal(commits.length, 2);
  });

  test('are ten at most', async (t) => {
    const { query, repository } = history(folderFor(t));
    for (let i = 0; i < 15; i++) repository.commit(`change ${i}`, { 'src/pay.ts': `n${i}` });
    const sha = repository.git('rev-parse', 'HEAD');
    const { commits } = await suspectCommits({ ...query, bad: { release: '3', sha } });
    assert.deepEqual([commits.length, commits[0]!.subject], [10, 'change 14']);
  });

  test('a file whose name is a pathspec or an option is a file', async (t) => {
    const repository = repositoryIn(folderFor(t));
    const good = repository.commit('v1', { x: '' });
    const bad = repository.commit('v2', { 'src/:(glob)**.js': '', '--output=y.js': '', 'src/innocent.js': '' });
    const releases = { good: { release: '1', sha: good }, bad: { release: '2', sha: bad } };
    const paths = ['/app/src/:(glob)**.js', '/app/--output=y.js'];
    const { files, commits } = await suspectCommits({ ...releases, paths, cwd: repository.dir });
    assert.deepEqual([files, commits.length], [['src/:(glob)**.js', '--output=y.js'], 1]);
  });

  test("the repository's configuration runs nothing", async (t) => {
    const { query, repository } = history(folderFor(t));
    const trap = join(repository.dir, 'trapped');
    const script = join(repository.dir, 'trap.sh');
    writeFileSync(script, `#!/bin/sh\ntouch ${trap}\n`, { mode: 0o755 });
    for (const name of ['core.pager', 'core.fsmonitor', 'diff.external', 'core.sshCommand', 'alias.log'])
      repository.git('config', name, name === 'alias.log' ? `!${script}` : script);
    assert.equal((await suspectCommits(query)).commits.length, 2);
    assert.equal(existsSync(trap), false);
  });
});

describe('where there are none, it is said why', () => {
  const good = { release: '1', sha: 'a'.repeat(40) };
  const bad = { release: '2', sha: 'b'.repeat(40) };
  const paths = ['/app/src/pay.ts'];
  const cases: [what: string, query: Omit<SuspectQuery, 'cwd'>, why: RegExp][] = [
    ['no first bad release', { good, bad: undefined, paths }, /no release is known/],
    ['no last good release', { good: undefined, bad, paths }, /no earlier release is known/],
    ['no commit of a release', { good: { release: '1', sha: null }, bad, paths }, /of release 1 no commit is known/],
    [
      'a build that is an option',
      { good, bad: { release: '2', sha: '--output=/x' }, paths },
      /release 2 is no commit: --o/,
    ],
    ['a build that is a range', { good, bad: { release: '2', sha: 'abcdef1..x' }, paths }, /is no commit/],
    ['one commit for both', { good, bad: { ...good, release: '2' }, paths }, /the same commit/],
    ['no own frame', { good, bad, paths: [] }, /no frame of the service itself/],
    ['no repository', { good, bad, paths }, /in no git repository/],
  ];
  for (const [what, query, why] of cases)
    test(what, async (t) => {
      assert.match((await suspectCommits({ ...query, cwd: folderFor(t) })).why!, why);
    });

  test('commits that are not here, files that are not here, nothing between', async (t) => {
    const repository = repositoryIn(folderFor(t));
    const one = { release: '1', sha: repository.commit('one', { 'src/pay.ts': '' }) };
    const two = { release: '2', sha: repository.commit('two', { 'src/other.ts': '' }) };
    const ask = async (query: Omit<SuspectQuery, 'cwd'>) =>
      (await suspectCommits({ ...query, cwd: repository.dir })).why!;
    assert.match(await ask({ good, bad: two, paths }), /does not have commit aaaaaaaaaaaa; perhaps `git fetch`/);
    assert.match(await ask({ good: one, bad: two, paths: ['/app/gone.ts'] }), /none of the stack's own files/);
    assert.match(await ask({ good: one, bad: two, paths }), /no commit between \w{12} and \w{12} touched them/);
  });

  test('git that takes too long, git that is not installed', async (t) => {
    const repository = repositoryIn(folderFor(t));
    const releases = {
      good: { release: '1', sha: repository.commit('1', {}) },
      bad: { release: '2', sha: repository.commit('2', {}) },
    };
    const late = await suspectCommits({ ...releases, paths, cwd: repository.dir, timeoutMillis: 0 });
    assert.match(late.why!, /longer than 0 ms/);
    const path = process.env.PATH;
    const empty = join(repository.dir, 'empty');
    mkdirSync(empty);
    process.env.PATH = empty;
    t.after(() => {
      process.env.PATH = path;
    });
    assert.match((await suspectCommits({ ...releases, paths, cwd: repository.dir })).why!, /git is not installed/);
  });
});
