// Runs somebody's program as a child with the preload in it.

import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { preloadFlag } from './layout.ts';

/** Environment for an application that is to be recorded; its own NODE_OPTIONS are kept. */
export function recordedEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const { ROWTRACE_INTERNAL: _, ...rest } = env;
  return { ...rest, NODE_OPTIONS: [env.NODE_OPTIONS, preloadFlag()].filter(Boolean).join(' ') };
}

/** In the foreground: same terminal, signals handed on. @returns its exit code, 128 + number where a signal ended it */
export function runInForeground(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  // npm and other scripts (.cmd) need a shell on Windows.
  const child = spawn(command, args, { stdio: 'inherit', env, shell: process.platform === 'win32' });
  const stop = handOnSignals(child);
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      stop();
      reject(error);
    });
    child.once('exit', (code, signal) => {
      stop();
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}

function handOnSignals(child: ChildProcess): () => void {
  const listeners = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => {
    // Ctrl-C in a terminal reaches the whole group already; a second SIGINT means "at once" to many programs.
    const handOn = () => void (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal));
    process.on(signal, handOn);
    return () => process.removeListener(signal, handOn);
  });
  return () => {
    for (const remove of listeners) remove();
  };
}
