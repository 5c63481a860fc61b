// The application of the demo as a child process: started with the preload, visited, ended.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { canLoad, packageRoot, preloadFlag } from '../layout.ts';

export interface Example {
  name: 'express' | 'http';
  file: string;
  /** What must be in the database afterwards, for the demo to have worked. */
  expected: string[];
}

const EXPECTED = ['TypeError', 'BookingError', 'PaymentError'];

/** The Express application where Express can be loaded, else the one on node:http. */
export function chooseExample(wanted?: Example['name']): Example {
  const folder = join(packageRoot(), 'examples');
  const hasExpress = ['express', 'pino'].every((name) => canLoad(join(folder, 'express'), name));
  return (wanted ?? (hasExpress ? 'express' : 'http')) === 'express'
    ? { name: 'express', file: join(folder, 'express', 'app.js'), expected: EXPECTED }
    : { name: 'http', file: join(folder, 'http', 'app.mjs'), expected: EXPECTED };
}

export interface RunningExample {
  url: string;
  /** Lets it end by itself, so that it flushes. */
  stop(): Promise<void>;
}

export async function startExample({ file }: Example, dir: string): Promise<RunningExample> {
  const child = spawn(process.execPath, [preloadFlag(), file], {
    // The preload looks for Express from the working directory.
    cwd: join(file, '..'),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      PORT: '0',
      NODE_ENV: 'demo',
      ROWTRACE_DIR: dir,
      ROWTRACE_QUIET: 'on',
      ROWTRACE_SERVICE: '',
      OTEL_SDK_DISABLED: '',
    },
  });
  const url = await listening(child);
  return {
    url,
    stop: async () => {
      const exited = child.exitCode !== null || child.signalCode !== null ? undefined : once(child, 'exit');
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const onOutput = (chunk: Buffer) => {
      // Read on for ever, or the pipe fills and the application stops.
      output = (output + chunk).slice(-8000);
      const url = /listening on (http:\S+)/.exec(output)?.[1];
      if (url) resolve(url);
    };
    child.stdout!.on('data', onOutput);
    child.stderr!.on('data', onOutput);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The example ended with code ${code}: ${output.trim()}`)));
  });
}
