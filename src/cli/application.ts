// Runs somebody's program as a child with the preload in it.

import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { preloadFlag } from './layout.ts';

/** Environment for an application that is to be recorded; its own NODE_OPTIONS are kept. */
export function recordedEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const { ROWTRACE_INTERNAL: _, ...rest } = env;
  return { ...rest, NODE_OPTIONS: [env.NODE_OPTIONS, preloadFlag()].filter(Boolean).join(' ') };
}

/**
 * In the foreground: same terminal, signals handed on. @returns its exit code, 128 + number where a signal ended it
 *
 * @param onStarted not called for a command that cannot be started
 */
export function runInForeground(
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  onStarted: () => void,
): Promise<number> {
  const child = spawn(command, args, { stdio: 'inherit', env, shell: needsShell(command) });
  const stop = handOnSignals(child);
  child.once('spawn', onStarted);
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

/** npm and other scripts (.cmd) do on Windows; a shell would take the arguments of a program apart, so only they get one. */
function needsShell(command: string): boolean {
  return process.platform === 'win32' && !/(^|[\\/])node$|\.exe$/i.test(command);
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
