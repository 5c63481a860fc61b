// Processes as in another container on this machine: process ids, host name, network and mounts of their own, the folder
// shared. In: commands of a shell. Out: the child; killed, it takes what runs inside along.

import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { type Child, spawnChild } from './children.ts';

const NAMESPACES = ['--pid', '--uts', '--net', '--ipc', '--mount-proc', '--fork', '--kill-child'];

/** For `skip` of a test. */
export const noContainers: string | false =
  spawnSync('unshare', [...NAMESPACES, 'true']).status === 0 ? false : 'needs Linux and the right to unshare (root)';

/** The shell is process 1 in there, or what it becomes by `exec`. */
export function spawnInContainer(t: TestContext, commands: string, env: NodeJS.ProcessEnv = {}): Child {
  return spawnChild(t, 'unshare', [...NAMESPACES, 'sh', '-c', `hostname elsewhere && ${commands}`], env);
}

/** Node with these arguments, for a shell. */
export function nodeCommand(args: readonly string[]): string {
  return [process.execPath, ...args].map((part) => `'${part}'`).join(' ');
}
