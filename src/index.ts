// Public names of `rowtrace`.

export { ERRORS, type ErrorCode, RowtraceError } from './errors.ts';
export * from './manual/index.ts';
export { loadOptions, type Options, type OptionsInput } from './options/options.ts';
export type { Status } from './pipeline.ts';
export { createProcessors, type Processors } from './processors.ts';
export { type Running, running, start } from './start.ts';

import type { Status } from './pipeline.ts';
import { running } from './start.ts';

/** Of the Rowtrace that runs in this process: resolves when all captured before is in the database (without one:
 *  in the journal) or a receiver (true), or time is over. False under `createProcessors()`, which returns a `flush` of its own. */
export async function flush(timeoutMillis?: number): Promise<boolean> {
  return (await running()?.flush(timeoutMillis)) ?? false;
}

/** Flushes and stops the Rowtrace that runs in this process. */
export async function shutdown(timeoutMillis?: number): Promise<void> {
  await running()?.shutdown(timeoutMillis);
}

/** Counters and state of the Rowtrace that runs in this process; nothing when none does. */
export function status(): Status | undefined {
  return running()?.status();
}
