// Small git repositories for tests, made with the real git and nobody's configuration.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Repository {
  dir: string;
  git(...args: string[]): string;
  /** Writes the files and commits them. @returns the SHA */
  commit(message: string, files: Record<string, string>, at?: string): string;
}

export function repositoryIn(dir: string): Repository {
  mkdirSync(dir, { recursive: true });
  let minute = 0;
  function git(...args: string[]): string {
    return gitIn(dir, args);
  }
  git('init', '-q', '-b', 'main');
  return {
    dir,
    git,
    commit(message, files, at = new Date(Date.UTC(2026, 0, 1, 12, minute++)).toISOString()) {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(dir, name)), { recursive: true });
        writeFileSync(join(dir, name), text);
      }
      git('add', '-A');
      gitIn(dir, ['commit', '-q', '--allow-empty', '-m', message], { GIT_COMMITTER_DATE: at, GIT_AUTHOR_DATE: at });
      return git('rev-parse', 'HEAD');
    },
  };
}

function gitIn(dir: string, args: string[], env: NodeJS.ProcessEnv = {}): string {
  const who = { GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.com' };
  return execFileSync('git', args, {
    cwd: dir,
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      ...who,
      GIT_COMMITTER_NAME: 'Ada',
      GIT_COMMITTER_EMAIL: 'ada@example.com',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      ...env,
    },
  }).trim();
}
