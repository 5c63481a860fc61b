// Processes as in another container on this machine: process ids, host name, network and mounts of their own, the folder
// shared. In: commands of a shell. Out: the child; killed, it takes what runs inside along.

import { type ChildProcess, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { type Child, spawnChild } from './children.ts';

/** Makes a command process 1 of a pid namespace of its own, as in a container; network and files are ours. */
export const AS_PROCESS_ONE = ['unshare', '--pid', '--mount-proc', '--fork', '--kill-child'] as const;
const NAMESPACES = [...AS_PROCESS_ONE.slice(1), '--uts', '--net', '--ipc'];

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

/** Process 1 in there, by the id that it has here; `unshare` itself passes no signal on. */
export function processOne({ pid }: ChildProcess): number | undefined {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return Number.parseInt(children, 10) || undefined;
}
