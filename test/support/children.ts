// Spawned processes for tests: started with TypeScript as it is, output collected, ended with the test.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export interface Child {
  process: ChildProcess;
  /** What it wrote so far. */
  stdout: string;
  stderr: string;
  /** Resolves when it ended and all its output is here. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** From Node 25 on it takes the network, too, unless that is given. */
export const PERMISSION = [
  '--permission',
  ...(process.allowedNodeEnvironmentFlags.has('--allow-net') ? ['--allow-net'] : []),
];

export function script(name: string): string {
  return join(import.meta.dirname, 'scripts', name);
}

export function spawnNode(t: TestContext, args: string[], env: NodeJS.ProcessEnv = {}, cwd?: string): Child {
  return spawnChild(t, process.execPath, args, env, cwd);
}

export function spawnChild(
  t: TestContext,
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
  cwd?: string,
): Child {
  const started = spawn(command, args, { env: { ...process.env, NODE_OPTIONS: '', ...env }, cwd });
  const child: Child = {
    process: started,
    stdout: '',
    stderr: '',
    ended: new Promise((resolve) => started.on('close', (code, signal) => resolve({ code, signal }))),
  };
  started.stdout.setEncoding('utf8').on('data', (text) => {
    child.stdout += text;
  });
  started.stderr.setEncoding('utf8').on('data', (text) => {
    child.stderr += text;
  });
  t.after(() => started.kill('SIGKILL'));
  return child;
}
