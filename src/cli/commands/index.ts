// The commands, in the order of the help; the files of one that is not asked for need not be loaded.

import type { Command } from 'commander';

interface CommandFile {
  register(program: Command): void;
}

export const COMMANDS: Readonly<Record<string, () => Promise<CommandFile>>> = {
  'dead-letters': () => import('./dead-letters.ts'),
  demo: () => import('./demo.ts'),
  dev: () => import('./dev.ts'),
  doctor: () => import('./doctor.ts'),
  explain: () => import('./explain.ts'),
  ignore: () => import('./ignore.ts'),
  issue: () => import('./issue.ts'),
  issues: () => import('./issues.ts'),
  keys: () => import('./keys.ts'),
  latency: () => import('./latency.ts'),
  merge: () => import('./merge.ts'),
  migrate: () => import('./migrate.ts'),
  owner: () => import('./owner.ts'),
  promote: () => import('./promote.ts'),
  'raise-error': () => import('./raise-error.ts'),
  regroup: () => import('./regroup.ts'),
  reopen: () => import('./reopen.ts'),
  resolve: () => import('./resolve.ts'),
  serve: () => import('./serve.ts'),
  slow: () => import('./slow.ts'),
  split: () => import('./split.ts'),
  status: () => import('./status.ts'),
  tail: () => import('./tail.ts'),
  trace: () => import('./trace.ts'),
  undo: () => import('./undo.ts'),
  worker: () => import('./worker.ts'),
};
