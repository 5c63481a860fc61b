// Do the paths of a process' stacks mean anything here? Only where it ran on this machine, and in this container or one of
// the same image.

import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ResourceFact } from '../record/fact.ts';

/** Linux counts in hundredths of a second towards user space, on every architecture Node runs on. */
const MILLIS_A_TICK = 10;
const ERROR_MILLIS = 2_000;

let systemStart: number | undefined;

export function isSameMachine({ host, machine, startedAt, entry }: ResourceFact): boolean {
  if ((machine ?? host) !== hostname() || typeof startedAt !== 'number') return false;
  systemStart ??= systemStartedAt();
  // A container may take over the name and the journals of an older one, and hold another build whose files are older
  // still: they were unpacked when its image was fetched. Files of one image layer are unpacked together.
  return (
    startedAt > systemStart - ERROR_MILLIS || (entry !== undefined && entryChangedAt(entry.path) === entry.changedAt)
  );
}

/** When process 1 began, Unix milliseconds; 0 where it is not known. */
function systemStartedAt(): number {
  try {
    // Beside our own, since containers may count from another start than the kernel.
    const age = startTicks('self') - startTicks('1');
    return Number.isFinite(age) ? Date.now() - process.uptime() * 1_000 - age * MILLIS_A_TICK : 0;
  } catch {
    return 0;
  }
}

function startTicks(pid: string): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

function entryChangedAt(path: unknown): number | undefined {
  try {
    return statSync(String(path)).ctimeMs;
  } catch {
    return undefined;
  }
}
