// Runs git in the working directory for reading: without a shell, bounded in time and output, and without what a
// repository's own configuration could make it do (hooks, pagers, filters, fetching). Arguments in, output out.

import { execFile } from 'node:child_process';

export type GitProblem = 'missing' | 'late' | 'failed';

export class GitError extends Error {
  readonly problem: GitProblem;

  constructor(problem: GitProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

export type Git = (args: readonly string[]) => Promise<string>;

const MAX_OUTPUT_BYTES = 32 * 1024 * 1024;
const SAFELY = [
  '--no-pager',
  // Paths are paths: none begins a pattern with `:(`.
  '--literal-pathspecs',
  ...['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'log.showSignature=false'],
  ...['-c', 'core.quotePath=false', '-c', 'diff.external='],
];
const ENVIRONMENT = { GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', GIT_NO_LAZY_FETCH: '1', LC_ALL: 'C' };

/** All calls together take at most `timeoutMillis`. @throws GitError */
export function openGit(cwd: string, timeoutMillis: number, env: NodeJS.ProcessEnv = process.env): Git {
  const deadline = performance.now() + timeoutMillis;
  return (args) =>
    new Promise((resolve, reject) => {
      const timeout = Math.floor(deadline - performance.now());
      if (timeout <= 0) return reject(new GitError('late', 'no time left'));
      const options = { cwd, timeout, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES, windowsHide: true } as const;
      execFile('git', [...SAFELY, ...args], { ...options, env: { ...env, ...ENVIRONMENT } }, (error, stdout) => {
        if (!error) return resolve(stdout);
        const tooMuch = error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER';
        const problem = error.code === 'ENOENT' ? 'missing' : error.killed && !tooMuch ? 'late' : 'failed';
        reject(new GitError(problem, error.message));
      });
    });
}
