// The application's side of the delivery thread. In: an entry file and plain options. Out: a handle that flushes, also while
// the process ends. A thread that dies is started again; whatever happens to it, the journal keeps what was not stored.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ResourceLimits, Worker, type WorkerOptions } from 'node:worker_threads';
import { explained, RowtraceError } from '../errors.ts';
import type { Baseline } from '../record/baseline.ts';
import { markOwn } from '../util/own-threads.ts';
import { pnpFlags } from '../util/pnp.ts';
import type { Place } from './sink.ts';
import {
  FLUSHED,
  type FromThread,
  getCounters,
  getState,
  isTrouble,
  SHARED_BYTES,
  SIGNAL,
  setState,
  type ThreadCounters,
  type ThreadData,
  type ThreadOptions,
  type ThreadState,
  type ToThread,
} from './thread-protocol.ts';

/** A thread that dies at once is not started for ever without a pause: 1, 2, 4 … 60 s. */
const FIRST_RESTART_MILLIS = 1000;
const LONGEST_RESTART_MILLIS = 60_000;
/** Closing has as much where nothing is left: a database that answers needs a few, and gets a goodbye instead of a reset. */
const LEAST_CLOSE_MILLIS = 100;

export interface DeliveryThreadOptions {
  /** The file that calls `runDeliveryThread`. */
  entry: URL | string;
  options: ThreadOptions;
  /** Journal of this process; it need not exist yet. */
  journalDir?: string;
  /** Of the thread. Default: little, as the memory of the process is an application's. */
  heap?: ResourceLimits;
  /** The thread itself says its problems on stderr; this is for what happens to the thread. */
  onProblem?: (message: string) => void;
  onBaselines?: (baselines: Baseline[]) => void;
}

export interface DeliveryThreadStatus extends ThreadCounters {
  state: ThreadState;
  restarts: number;
  lastError?: string;
}

export interface DeliveryThread {
  /**
   * Blocks until all that is in the journal is stored, held rows included; at most `timeoutMillis`, and not at all while
   * the database is away. For 'exit' handlers.
   */
  flushSync(timeoutMillis: number): boolean;
  flush(timeoutMillis: number): Promise<boolean>;
  /** Another journal of this process. */
  follow(journalDir: string): void;
  /** Another place whose baselines are read, where some are. */
  isOf(place: Place): void;
  status(): DeliveryThreadStatus;
  /**
   * Stops after the write in flight, or cuts it off when it is not answered in `timeoutMillis` (100 at least): a frozen
   * database answers never. What is not stored stays in the journal.
   */
  close(timeoutMillis: number): Promise<void>;
}

export function startDeliveryThread(options: DeliveryThreadOptions): DeliveryThread {
  return new WorkerThread(options);
}

class WorkerThread implements DeliveryThread {
  readonly #options: DeliveryThreadOptions;
  readonly #waiting = new Map<number, (complete: boolean) => void>();
  #journalDir: string | undefined;
  #worker: Worker | undefined;
  #shared = new SharedArrayBuffer(SHARED_BYTES);
  #flushes = 0;
  #restarts = 0;
  #restartMillis = FIRST_RESTART_MILLIS;
  #lastError: string | undefined;
  #closed = false;

  constructor(options: DeliveryThreadOptions) {
    this.#options = options;
    this.#journalDir = options.journalDir;
    this.#start();
  }

  flushSync(timeoutMillis: number): boolean {
    try {
      const deadline = performance.now() + timeoutMillis;
      const slots = new Int32Array(this.#shared);
      if (!this.#worker || isTrouble(getState(this.#shared))) return false;
      const id = this.#request(timeoutMillis);
      for (;;) {
        // Read before the conditions: a change in between makes the wait return at once.
        const signal = Atomics.load(slots, SIGNAL);
        if (Atomics.load(slots, FLUSHED) >= id) return true;
        const left = deadline - performance.now();
        if (left <= 0 || isTrouble(getState(this.#shared))) return false;
        Atomics.wait(slots, SIGNAL, signal, left);
      }
    } catch {
      return false;
    }
  }

  flush(timeoutMillis: number): Promise<boolean> {
    const worker = this.#worker;
    if (!worker) return Promise.resolve(false);
    return new Promise<boolean>((resolve) => {
      worker.ref();
      const id = this.#request(timeoutMillis);
      this.#waiting.set(id, (complete) => {
        this.#waiting.delete(id);
        if (this.#waiting.size === 0) worker.unref();
        resolve(complete);
      });
    });
  }

  follow(journalDir: string): void {
    this.#journalDir = journalDir;
    this.#post({ type: 'follow', journalDir });
  }

  isOf({ service, environment }: Place): void {
    const { baselinesOf } = this.#options.options;
    if (baselinesOf === undefined) return;
    Object.assign(baselinesOf, { service, environment });
    this.#post({ type: 'place', place: baselinesOf });
  }

  status(): DeliveryThreadStatus {
    const state = this.#worker ? getState(this.#shared) : 'stopped';
    return { state, restarts: this.#restarts, lastError: this.#lastError, ...getCounters(this.#shared) };
  }

  async close(timeoutMillis: number): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    if (!worker) return;
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    worker.ref();
    this.#post({ type: 'close' });
    const timer = setTimeout(() => void worker.terminate(), Math.max(LEAST_CLOSE_MILLIS, timeoutMillis));
    await exited;
    clearTimeout(timer);
  }

  #request(timeoutMillis: number): number {
    const id = ++this.#flushes;
    this.#post({ type: 'flush', id, timeoutMillis, releaseHeld: true });
    return id;
  }

  #post(message: ToThread): void {
    try {
      this.#worker?.postMessage(message);
    } catch (error) {
      this.#failed(error);
    }
  }

  #start(): void {
    const shared = new SharedArrayBuffer(SHARED_BYTES);
    this.#shared = shared;
    const data: ThreadData = { options: this.#options.options, journalDir: this.#journalDir, shared };
    const startedAt = performance.now();
    const { entry } = this.#options;
    try {
      const file = entry instanceof URL ? fileURLToPath(entry) : entry;
      if (!existsSync(file)) throw new RowtraceError('RT_BUNDLED', [file]);
      const worker = new Worker(entry, {
        ...ISOLATED,
        execArgv: pnpFlags(),
        resourceLimits: this.#options.heap ?? SHARED_HEAP,
        env: childEnv(),
        workerData: data,
      });
      markOwn(worker);
      this.#worker = worker;
      worker.on('error', (error) => this.#failed(error));
      worker.on('messageerror', (error) => this.#failed(error));
      worker.on('message', (message: FromThread) => this.#receive(message));
      worker.on('exit', () => this.#ended(shared, startedAt));
      // Last: a listener for messages makes the process wait for the thread again.
      worker.unref();
    } catch (error) {
      this.#failed(error);
      this.#ended(shared, startedAt);
    }
  }

  #receive(message: FromThread): void {
    if (message.type === 'flushed') this.#waiting.get(message.id)?.(message.complete);
    else if (message.type === 'baselines') this.#options.onBaselines?.(message.baselines);
    else this.#lastError = message.message;
  }

  #failed(error: unknown): void {
    const before = this.#lastError;
    this.#lastError = error instanceof Error ? error.message : String(error);
    // It is tried again all the same: the package may just be on its way.
    if (error instanceof RowtraceError && before === this.#lastError) return;
    try {
      this.#options.onProblem?.(`delivery thread: ${explained(error)}`);
    } catch {}
  }

  #ended(shared: SharedArrayBuffer, startedAt: number): void {
    this.#worker = undefined;
    setState(shared, 'stopped');
    for (const resolve of [...this.#waiting.values()]) resolve(false);
    if (this.#closed) return;
    if (performance.now() - startedAt > LONGEST_RESTART_MILLIS) this.#restartMillis = FIRST_RESTART_MILLIS;
    const restart = () => {
      if (this.#closed) return;
      this.#restarts++;
      this.#start();
    };
    setTimeout(restart, this.#restartMillis).unref();
    this.#restartMillis = Math.min(LONGEST_RESTART_MILLIS, this.#restartMillis * 2);
  }
}

/**
 * Nothing of the application gets into the thread: no preload of execArgv or NODE_OPTIONS (which would instrument our own
 * queries, or start us again inside ourselves; what Yarn's Plug'n'Play needs aside), no argv, and nothing of its output into the application's.
 */
const ISOLATED: WorkerOptions = {
  name: 'rowtrace-delivery',
  argv: [],
  stdout: true,
  stderr: true,
};

const SHARED_HEAP = { maxOldGenerationSizeMb: 160, maxYoungGenerationSizeMb: 32 };

function childEnv(): NodeJS.ProcessEnv {
  return { ...process.env, NODE_OPTIONS: '' };
}
