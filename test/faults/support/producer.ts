// The harness' side of an application that records (test/fixtures/apps/faults/producer.mjs): starts it with the preload,
// possibly behind another program, gives it commands, and knows what was promised however it ended.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { signal } from './server.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const REGISTER = join(ROOT, 'dist', 'src', 'register.cjs');
const APP = join(ROOT, 'test', 'fixtures', 'apps', 'faults', 'producer.mjs');

export interface ProducerOptions {
  name: string;
  /** Folder of the journals. */
  dir: string;
  /** File in which the application writes down what it produced. */
  promises: string;
  /** Absent: the application only journals. */
  url?: string;
  env?: Record<string, string>;
  nodeFlags?: string[];
  /** Program and arguments that start Node: prlimit, strace … */
  wrapper?: string[];
  /** Without the preload, to compare with. */
  bare?: boolean;
}

export interface Figures {
  produced: number;
  failures: number;
  callP50Millis: number;
  callP99Millis: number;
  callMaxMillis: number;
  loopP99Millis: number;
  loopMaxMillis: number;
  rssMax: number;
}

interface Ready {
  port: number;
  pid: number;
  /** From the start of the process to this line. */
  millis: number;
}

export class Producer {
  readonly name: string;
  readonly promises: string;
  readonly child: ChildProcess;
  /** Lines that the application itself wrote to stderr. */
  stderr = '';
  /** Said by Rowtrace. */
  said: string[] = [];
  readonly #answers = new Map<string, (answer: unknown) => void>();
  readonly #ended: Promise<unknown>;
  readonly #ready: Promise<Ready>;
  #commands = 0;
  #pid: number | undefined;

  constructor(options: ProducerOptions) {
    this.name = options.name;
    this.promises = options.promises;
    const clean = Object.entries(process.env).filter(([name]) => !/^(NODE_|ROWTRACE_|OTEL_|DATABASE_URL)/.test(name));
    const node = [process.execPath, ...(options.nodeFlags ?? []), ...(options.bare ? [] : ['--import', REGISTER]), APP];
    const [command, ...args] = [...(options.wrapper ?? []), ...node];
    this.child = spawn(command!, args, {
      cwd: ROOT,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...Object.fromEntries(clean),
        ROWTRACE_DIR: options.dir,
        ROWTRACE_EXIT_TIMEOUT_MILLIS: '0',
        PRODUCER: options.name,
        PROMISES: options.promises,
        ...(options.url ? { ROWTRACE_DATABASE_URL: options.url } : {}),
        // Every record has to arrive as a row; the storm row turns it on.
        ROWTRACE_STORM_ROWS: 'off',
        ...options.env,
      },
    });
    this.#ended = once(this.child, 'close');
    this.#ready = this.#answerTo('ready') as Promise<Ready>;
    this.#lines(this.child.stdout!, (line) => {
      const { id, ...answer } = JSON.parse(line);
      if (id === 'ready') this.#pid = answer.pid;
      this.#answers.get(id)?.(answer);
    });
    this.#lines(this.child.stderr!, (line) => {
      if (line.startsWith('rowtrace: ')) this.said.push(line);
      else this.stderr += `${line}\n`;
    });
    this.child.stdin!.on('error', () => {});
  }

  /** @throws when it ends before */
  ready(): Promise<Ready> {
    return this.#orEnd(this.#ready);
  }

  async send<Answer = unknown>(command: string): Promise<Answer> {
    await this.ready();
    const id = String(++this.#commands);
    const answer = this.#answerTo(id) as Promise<Answer>;
    this.child.stdin!.write(`${id} ${command}\n`);
    return this.#orEnd(answer);
  }

  figures(): Promise<Figures> {
    return this.send<Figures>('figures');
  }

  /** What Rowtrace's delivery thread in it says: idle, shipping, outage … */
  async state(): Promise<string> {
    return (await this.send<{ delivery?: { state: string } }>('status')).delivery?.state ?? 'none';
  }

  /** Records that its journal says it dropped. What went with a removed folder is counted in facts of any kind. */
  async dropped(): Promise<number> {
    const { journal } = await this.send<{
      journal?: { dropped: { removed?: number }; droppedOccurrences: Record<string, number> };
    }>('status');
    const occurrences = Object.values(journal?.droppedOccurrences ?? {}).reduce((sum, count) => sum + count, 0);
    return occurrences + (journal?.dropped.removed ?? 0);
  }

  /** Lets it end by itself. @throws when it ends otherwise, or with words on stderr that are not its own */
  async quit(): Promise<void> {
    await this.send('quit');
    await this.#ended;
    const { exitCode, signalCode } = this.child;
    if (exitCode !== 0 || this.stderr !== '')
      throw new Error(`the application ended with ${exitCode ?? signalCode} and said: ${this.stderr}`);
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    // Itself, where another program started it.
    if (this.#pid !== undefined) signal(this.#pid, 'SIGKILL');
    this.child.kill('SIGKILL');
    await this.#ended;
  }

  ended(): Promise<unknown> {
    return this.#ended;
  }

  #answerTo(id: string): Promise<unknown> {
    return new Promise((resolve) => this.#answers.set(id, resolve));
  }

  #orEnd<T>(answer: Promise<T>): Promise<T> {
    const end = this.#ended.then(() => {
      throw new Error(`the application ended with ${this.child.exitCode ?? this.child.signalCode}: ${this.stderr}`);
    });
    return Promise.race([answer, end as Promise<never>]);
  }

  #lines(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
    let text = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk) => {
      const lines = (text + chunk).split('\n');
      text = lines.pop()!;
      for (const line of lines) take(line);
    });
  }
}

export interface Promised {
  produced: Set<string>;
  promised: Set<string>;
}

/** The journal's promise for records that are no errors. */
export const FLUSH_MILLIS = 200;
/** Clocks of the judge and of the journal round differently. */
const ROUNDING_MILLIS = 2;

/**
 * What an application wrote down, as "name:number": `b` before the call, `a` when the record was on disk, `w` with the times
 * before and after the call where it need not be yet. Those are promised when an error came after them, which takes them
 * along, or when a later call came so late that the journal must have seen that their time was over.
 */
export function readPromises(name: string, path: string): Promised {
  const produced = new Set<string>();
  const promised = new Set<string>();
  // One that was killed before it opened the file promised nothing.
  if (!existsSync(path)) return { produced, promised };
  let waiting: { key: string; number: number; at: number }[] = [];
  const settle = (isOver: (one: { number: number; at: number }) => boolean) => {
    for (const one of waiting) if (isOver(one)) promised.add(one.key);
    waiting = waiting.filter(({ key }) => !promised.has(key));
  };
  for (const line of readFileSync(path, 'latin1').split('\n').slice(0, -1)) {
    const [number, before, after] = line.slice(1).split(' ').map(Number) as [number, number, number];
    const key = `${name}:${number}`;
    if (line[0] === 'b') produced.add(key);
    else if (line[0] === 'a') {
      promised.add(key);
      settle((earlier) => earlier.number < number);
    } else {
      settle(({ at }) => before - at >= FLUSH_MILLIS + ROUNDING_MILLIS);
      waiting.push({ key, number, at: after });
    }
  }
  return { produced, promised };
}
