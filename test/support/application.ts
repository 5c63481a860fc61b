// A real application in a process of its own, preloaded with the built package, on a database and a folder of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..');
export const REGISTER = join(ROOT, 'dist', 'src', 'register.cjs');
const APPS = join(import.meta.dirname, '..', 'fixtures', 'apps');

export interface ApplicationOptions {
  /** Below test/fixtures/apps. */
  app: string;
  /** How the preload gets in; `none` for comparison. Default `--import`. */
  door?: '--import' | '--require' | 'NODE_OPTIONS' | 'none';
  /** What is preloaded instead of Rowtrace, below test/fixtures/apps. */
  preload?: string;
  databaseUrl?: string;
  env?: Record<string, string>;
  args?: string[];
  /** Program and arguments that start Node. */
  wrapper?: readonly string[];
  /** Flags of Node itself. */
  nodeFlags?: readonly string[];
  cwd?: string;
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  /** Without the start line of Rowtrace. */
  stderr: string;
  /** Lines of Rowtrace. */
  said: string[];
}

export class Application {
  readonly child: ChildProcess;
  readonly dir: string;
  stdout = '';
  stderr = '';
  readonly #ended: Promise<unknown>;

  constructor(t: TestContext, options: ApplicationOptions) {
    if (!existsSync(REGISTER))
      throw new Error('dist/ is missing; run `npm run build`, or `npm test` without --no-build');
    this.dir = mkdtempSync(join(tmpdir(), 'rowtrace-app-'));
    const door = options.door ?? '--import';
    const preload = options.preload ? join(APPS, options.preload) : REGISTER;
    const clean = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(NODE_|ROWTRACE_|OTEL_|DATABASE_URL)/.test(name)),
    );
    const [command, ...before] = [...(options.wrapper ?? []), process.execPath];
    this.child = spawn(
      command!,
      [
        ...before,
        ...(options.nodeFlags ?? []),
        ...(door.startsWith('--') ? [door, preload] : []),
        join(APPS, options.app),
        ...(options.args ?? []),
      ],
      {
        cwd: options.cwd ?? ROOT,
        stdio: ['pipe', 'pipe', 'pipe'],
        env: {
          ...clean,
          ROWTRACE_DIR: this.dir,
          // A busy machine takes longer than the default second to start the delivery thread.
          ROWTRACE_EXIT_TIMEOUT_MILLIS: '20000',
          ...(options.databaseUrl ? { ROWTRACE_DATABASE_URL: options.databaseUrl } : {}),
          ...(door === 'NODE_OPTIONS' ? { NODE_OPTIONS: `--import ${preload}` } : {}),
          ...options.env,
        },
      },
    );
    this.child.stdout!.setEncoding('utf8').on('data', (text) => {
      this.stdout += text;
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    this.#ended = once(this.child, 'close');
    t.after(() => {
      this.child.kill('SIGKILL');
      rmSync(this.dir, { recursive: true, force: true });
    });
  }

  /** Base URL, once the application has printed `port <n>`, or Next its address. */
  async url(): Promise<string> {
    const port = await until(
      () => /^port (\d+)$|Local: +http:\/\/[^:]+:(\d+)$/m.exec(this.stdout)?.slice(1).find(Boolean) ?? this.#failed(),
      `a port from ${this.stderr}`,
    );
    return `http://127.0.0.1:${port}`;
  }

  async ended(): Promise<Ended> {
    await this.#ended;
    const lines = this.stderr.split('\n');
    return {
      code: this.child.exitCode,
      signal: this.child.signalCode,
      stdout: this.stdout,
      stderr: lines.filter((line) => !line.startsWith('rowtrace: ')).join('\n'),
      said: lines.filter((line) => line.startsWith('rowtrace: ')),
    };
  }

  #failed(): undefined {
    if (this.child.exitCode !== null) throw new Error(`the application ended: ${this.stderr}`);
    return undefined;
  }
}

/** Waits for a condition, looking again every 20 ms; gives up after a minute with what was waited for. */
export async function until<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  what: string,
): Promise<T> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((later) => setTimeout(later, 20));
  }
}
