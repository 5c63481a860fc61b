// Entry file of a delivery thread in tests: its sink appends the ids it stores to a file, slowly if told to. Booting may be
// slowed down as well, and opening may fail.

import { appendFileSync } from 'node:fs';
import { type Batch, type Sink, SinkError, type WriteResult } from '../../../src/deliver/sink.ts';
import { runDeliveryThread } from '../../../src/deliver/thread-main.ts';
import type { ThreadOptions } from '../../../src/deliver/thread-protocol.ts';

export interface TestThreadOptions extends ThreadOptions {
  storedPath: string;
  openMillis?: number;
  failing?: 'outage' | 'config';
  /** Opening gives a warning, as pg does for "sslmode=require", and writes to stdout. */
  loud?: boolean;
  /** Writes are begun (the file is there, and empty) and never answered, as by a frozen Postgres. */
  frozen?: boolean;
  dieAfterMillis?: number;
  /** How; default: throw. */
  death?: 'throw' | 'exit' | 'heap';
}

class FileSink implements Sink {
  readonly #options: TestThreadOptions;

  constructor(options: TestThreadOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.#options.openMillis ?? 0));
    if (this.#options.loud) {
      process.emitWarning('a warning in the thread');
      process.stdout.write('words of the thread\n');
    }
    if (this.#options.failing) throw new SinkError(this.#options.failing, `the database is away (${process.execArgv})`);
  }

  async write(batch: Batch): Promise<WriteResult> {
    if (this.#options.frozen) {
      appendFileSync(this.#options.storedPath, '');
      await new Promise(() => {});
    }
    for (const row of batch.logs) appendFileSync(this.#options.storedPath, `${row.message}\n`);
    return { insertedLogs: batch.logs.length, duplicateLogs: 0 };
  }

  async deadLetter(): Promise<void> {}
  async close(): Promise<void> {}
}

function die(death: TestThreadOptions['death']): void {
  if (death === 'exit') process.exit(7);
  const kept: number[][] = [];
  while (death === 'heap') kept.push(new Array(100_000).fill(0.5));
  throw new Error('a bug in the thread');
}

runDeliveryThread<TestThreadOptions>({
  createSink: (options) => {
    const { dieAfterMillis } = options;
    if (dieAfterMillis !== undefined) setTimeout(() => die(options.death), dieAfterMillis);
    return new FileSink(options);
  },
});
