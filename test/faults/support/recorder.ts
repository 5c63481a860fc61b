// The harness' side of scripts/recorder.ts.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CrashPoint } from '../../support/crash-points.ts';

const SCRIPT = join(import.meta.dirname, 'scripts', 'recorder.ts');
const CRASH_POINTS = join(import.meta.dirname, '..', '..', 'support', 'crash-points.ts');

export interface RecorderOptions {
  name: string;
  dir: string;
  url: string;
  promises: string;
  /** 0: ships only; absent: without end. */
  count?: number;
  /** Every how many is a WARNING, the others are errors. Default 4. */
  lesser?: number;
  /** Where it ends itself, and how often it passes there before. */
  crash?: { point: CrashPoint; passes: number };
}

export class Recorder {
  readonly name: string;
  readonly promises: string;
  readonly child: ChildProcess;
  stderr = '';
  readonly ended: Promise<unknown>;
  readonly #said = new Map<string, Promise<unknown>>();

  constructor({ name, dir, url, promises, count = -1, lesser = 4, crash }: RecorderOptions) {
    this.name = name;
    this.promises = promises;
    const preload = crash ? ['--import', CRASH_POINTS] : [];
    const env = {
      ...process.env,
      // Started often: types are stripped once.
      NODE_COMPILE_CACHE: join(tmpdir(), 'rowtrace-faults-cache'),
      ...(crash ? { ROWTRACE_TEST_CRASH: `${crash.point}:${crash.passes}` } : {}),
    };
    this.child = spawn(
      process.execPath,
      [...preload, SCRIPT, name, dir, url, promises, String(count), String(lesser)],
      {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.child.stderr!.on('data', (chunk) => {
      this.stderr += chunk;
    });
    let stdout = '';
    const lines = new Map<string, () => void>();
    for (const line of ['recording', 'shipping'])
      this.#said.set(line, new Promise<void>((resolve) => lines.set(line, resolve)));
    this.child.stdout!.on('data', (chunk) => {
      stdout += chunk;
      for (const [line, resolve] of lines) if (stdout.includes(line)) resolve();
    });
    this.ended = once(this.child, 'close');
  }

  /** Resolves when it said so, or ended. */
  async says(line: 'recording' | 'shipping'): Promise<void> {
    await Promise.race([this.#said.get(line), this.ended]);
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  get wasKilled(): boolean {
    return this.child.signalCode === 'SIGKILL';
  }
}
