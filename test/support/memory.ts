// Processes that may have so much memory and no more, as in a container with a limit: the kernel ends what takes more.

import { existsSync, mkdtempSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Child, spawnChild } from './children.ts';

/** Version 1 of cgroups has a tree for memory, version 2 one for all. */
const VERSIONS = [
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
  { root: '/sys/fs/cgroup', limit: 'memory.max' },
];

function groupOf(bytes: number): string {
  const { root, limit } = VERSIONS.find(({ root }) => existsSync(join(root, 'cgroup.procs')))!;
  const group = mkdtempSync(join(root, 'rowtrace-test-'));
  try {
    writeFileSync(join(group, limit), String(bytes));
  } catch (error) {
    rmdirSync(group);
    throw error;
  }
  return group;
}

/** For `skip` of a test. */
export const noMemoryLimits: string | false = (() => {
  try {
    rmdirSync(groupOf(64 * 1024 * 1024));
    return false;
  } catch {
    return 'needs Linux and the right to make memory cgroups (root)';
  }
})();

export function spawnWithMemory(t: TestContext, bytes: number, args: string[], env: NodeJS.ProcessEnv): Child {
  const group = groupOf(bytes);
  const shell = `echo $$ > '${group}/cgroup.procs' && exec "$@"`;
  const child = spawnChild(t, 'sh', ['-c', shell, 'sh', process.execPath, ...args], env);
  t.after(async () => {
    child.process.kill('SIGKILL');
    await child.ended;
    rmdirSync(group);
  });
  return child;
}
