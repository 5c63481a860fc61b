// A canary on its way: the child process, what it tells, and what Rowtrace says in it.

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { canaryProgram, type Told } from './program.ts';

export interface FlightPlan {
  mark: string;
  flags: readonly string[];
  env: NodeJS.ProcessEnv;
  esm: boolean;
  flushMillis: number;
}

const SAID_CHARS = 500;
const STDERR_CHARS = 64 * 1024;

export class Flight {
  readonly #child: ChildProcess;
  readonly #told = new Map<string, Told>();
  #stderr = '';
  #ended = false;

  constructor({ mark, flags, env, esm, flushMillis }: FlightPlan) {
    const program = canaryProgram(esm, { mark, rowtrace: fileURLToPath(import.meta.url), flushMillis });
    this.#child = spawn(
      process.execPath,
      [...flags, `--input-type=${esm ? 'module' : 'commonjs'}`, '--eval', program],
      { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env },
    );
    this.#child.on('message', (told: Told) => this.#told.set(told.step, told));
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(0, STDERR_CHARS);
    });
    const over = () => {
      this.#ended = true;
    };
    this.#child.on('error', over).on('close', over);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Lines of Rowtrace in it, without the one of its start. */
  get said(): string[] {
    const lines = this.#stderr.split('\n').filter((line) => line.startsWith('rowtrace: '));
    return lines.map((line) => line.slice('rowtrace: '.length)).filter((line) => !/^\d+\.\d+\.\d+\S*: /.test(line));
  }

  /** An SDK that came after another one said so. */
  get hasSecondSdk(): boolean {
    return /duplicate registration of API/.test(this.#stderr);
  }

  /** Why Node did not start it: the line that tells, of all that it writes then. */
  get complaint(): string | undefined {
    const lines = this.#stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('rowtrace: '));
    return (lines.find((line) => /^\w*Error\b|bad option|: not found/.test(line)) ?? lines[0])?.slice(0, SAID_CHARS);
  }

  /** @returns nothing when it failed, ended, or the time is over */
  async step<Step extends Told['step']>(
    step: Step,
    timeoutMillis: number,
  ): Promise<Extract<Told, { step: Step }> | undefined> {
    const deadline = performance.now() + timeoutMillis;
    for (;;) {
      const told = this.#told.get(step);
      if (told !== undefined) return told as Extract<Told, { step: Step }>;
      if (this.#ended || this.#told.has('failed') || performance.now() > deadline) return undefined;
      await new Promise((later) => setTimeout(later, 20));
    }
  }

  get failure(): string | undefined {
    const told = this.#told.get('failed');
    return told?.step === 'failed' ? told.message : undefined;
  }

  deliver(): void {
    if (this.#child.connected) this.#child.send('deliver');
  }

  /** Lets it end by itself, and ends it where it does not. */
  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    for (let waited = 0; this.#isRunning && waited < 3000; waited += 20)
      await new Promise((later) => setTimeout(later, 20));
    if (this.#isRunning) this.#child.kill('SIGKILL');
  }

  /** Not by `close`: Node never emits it once this side has disconnected. */
  get #isRunning(): boolean {
    return !this.#ended && this.#child.exitCode === null && this.#child.signalCode === null;
  }
}
