// Starts the owner as a process of its own that outlives the command: detached, its output in <dir>/owner.log.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pnpFlags } from '../../util/pnp.ts';

const MAX_LOG_BYTES = 1024 * 1024;

export function spawnOwner(dir: string, env: NodeJS.ProcessEnv = process.env): ChildProcess {
  const log = logPath(dir);
  shorten(log);
  const output = openSync(log, 'a', 0o600);
  try {
    const child = spawn(process.execPath, [...pnpFlags(), mainFile(), 'owner', '--dir', dir], {
      detached: true,
      windowsHide: true,
      stdio: ['ignore', output, output],
      // Without the preload (it would record the owner), and for this database whatever else is configured.
      env: { ...env, ROWTRACE_INTERNAL: '1', NODE_OPTIONS: '', ROWTRACE_DATABASE_URL: '' },
    });
    child.on('error', () => {});
    child.unref();
    return child;
  } finally {
    closeSync(output);
  }
}

/** This command line in the build or source tree that runs. */
function mainFile(): string {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  return fileURLToPath(new URL(`../main${extension}`, import.meta.url));
}

export function lastLogLine(dir: string): string {
  try {
    const lines = readFileSync(logPath(dir), 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '');
    return lines.at(-1)?.replace(/^\S+ /, '') ?? 'owner.log is empty';
  } catch {
    return 'there is no owner.log';
  }
}

function logPath(dir: string): string {
  return join(dir, 'owner.log');
}

function shorten(log: string): void {
  try {
    if (statSync(log).size > MAX_LOG_BYTES) truncateSync(log);
  } catch {
    // Not there yet.
  }
}
