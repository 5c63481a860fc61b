// What this machine can do to a process: which needs of a row are met, and what to do where one is not.

import { spawnSync } from 'node:child_process';
import type { Need } from './row.ts';

const HOW: Readonly<Record<Need, string>> = {
  root: 'run it as root',
  mount: 'run it as root, outside of a container that forbids mounts',
  strace: 'apt-get install strace, and allow ptrace',
  prlimit: 'apt-get install util-linux',
  faketime: 'apt-get install faketime',
  setpriv: 'apt-get install util-linux',
};

const PROOFS: Readonly<Record<Need, () => boolean>> = {
  root: () => process.getuid?.() === 0,
  mount: () => works('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs -o size=1m none /mnt']),
  strace: () => works('strace', ['-f', '-o', '/dev/null', '-e', 'inject=fsync:error=EIO:when=1', 'true']),
  prlimit: () => works('prlimit', ['--nofile=64', 'true']),
  faketime: () => works('faketime', ['-f', '-1h', 'true']),
  setpriv: () => works('setpriv', ['--version']),
};

const proven = new Map<Need, boolean>();

/** Why a row cannot run here, with the way to change that; nothing when it can. */
export function missing(needs: readonly Need[] = []): string | undefined {
  for (const need of needs) {
    if (!proven.has(need)) proven.set(need, PROOFS[need]());
    if (!proven.get(need)) return `needs ${need}: ${HOW[need]}`;
  }
  return undefined;
}

function works(command: string, args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
