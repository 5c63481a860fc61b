// The real command line for tests: each call a process, each test its own folder, each owner killed with its test.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { type Identity, isDead, isWithinReach } from '../../src/journal/identity.ts';
import { type Child, spawnNode } from './children.ts';

export const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts');

export interface CliOptions {
  /** Also ROWTRACE_DIR. */
  dir: string;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Anything with `after`: a test, or the hooks of a file. */
interface Scope {
  after(work: () => void): void;
}

/** A folder whose owner, if one comes to be, ends with the test. */
export function cliDir(t: Scope): string {
  const dir = mkdtempSync(join(tmpdir(), 'rt-cli-'));
  t.after(() => {
    killOwner(dir);
    rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });
  return dir;
}

export function startCli(t: Scope, args: string[], { dir, env = {}, cwd }: CliOptions): Child {
  const all = {
    ROWTRACE_DATABASE_URL: '',
    ROWTRACE_DEBUG: '',
    ROWTRACE_DIR: dir,
    COLUMNS: '',
    NO_COLOR: '1',
    ...env,
  };
  return spawnNode(t as unknown as TestContext, [MAIN, ...args], all, cwd);
}

export async function runCli(t: Scope, args: string[], options: CliOptions): Promise<CliResult> {
  const child = startCli(t, args, options);
  const { code } = await child.ended;
  return { code, stdout: child.stdout, stderr: child.stderr };
}

/** Pid of the process that holds the lock of the folder, if one lives, and here: in a container it is another's. */
export function ownerPid(dir: string): number | undefined {
  if (!existsSync(dir)) return undefined;
  const last = readdirSync(dir)
    .map((name) => Number(/^owner\.lock\.(\d+)$/.exec(name)?.[1] ?? 0))
    .reduce((a, b) => Math.max(a, b), 0);
  if (last === 0) return undefined;
  try {
    const lock = JSON.parse(readFileSync(join(dir, `owner.lock.${last}`), 'utf8')) as Identity & { released?: boolean };
    return lock.released || isDead(lock) || !isWithinReach(lock) ? undefined : lock.pid;
  } catch {
    return undefined;
  }
}

export function killOwner(dir: string): number | undefined {
  const pid = ownerPid(dir);
  // A test of the lock may hold it itself.
  if (pid !== undefined && pid !== process.pid) process.kill(pid, 'SIGKILL');
  return pid;
}

/** Looks until `check` gives something, for as long as a loaded machine may need. */
export async function eventually<T>(
  check: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMillis = 60_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMillis;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMillis} ms: ${check}`);
    await new Promise((done) => setTimeout(done, 25));
  }
}
