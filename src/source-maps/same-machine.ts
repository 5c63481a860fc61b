// Do the paths of a process' stacks mean anything here? Only where it ran on this machine and in this container.

import { readFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import type { ResourceFact } from '../record/fact.ts';

/** Linux counts in hundredths of a second towards user space, on every architecture Node runs on. */
const TICKS_A_SECOND = 100;
const ERROR_MILLIS = 2_000;

let systemStart: number | undefined;

export function isSameMachine({ host, machine, startedAt }: ResourceFact): boolean {
  systemStart ??= systemStartedAt();
  return (machine ?? host) === hostname() && typeof startedAt === 'number' && startedAt > systemStart - ERROR_MILLIS;
}

/**
 * When process 1 began, Unix milliseconds: a container that took over the name and the journals of an older one may hold
 * another build whose files are older still (they were unpacked when its image was fetched). 0 where it is not known.
 */
function systemStartedAt(): number {
  try {
    const stat = readFileSync('/proc/1/stat', 'utf8');
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    return Number.isFinite(ticks) ? Date.now() - (uptime() - ticks / TICKS_A_SECOND) * 1_000 : 0;
  } catch {
    return 0;
  }
}
