// Errors that end worker threads of the application in, ERROR rows out. A thread has no hooks of ours; its error comes to the
// main thread, where many only print its message, or start another thread. Who listens there finds nothing changed.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { errorMonitor } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { context } from '@opentelemetry/api';
import { isOwn } from '../util/own-threads.ts';
import type { OccurrenceTracker } from './tracker.ts';

/** Of Node, which tells of each thread that is made. */
const CHANNEL = 'worker_threads';

/** @returns how to undo it */
export function hookThreads(tracker: OccurrenceTracker): () => void {
  let stopped = false;
  const onError = (worker: Worker, error: unknown): void => {
    // Where nobody listens, it is a crash of the process.
    if (stopped || isOwn(worker) || worker.listenerCount('error') === 0) return;
    try {
      tracker.thrown(error, { context: context.active(), level: 'ERROR', module: CHANNEL, tags: {} });
    } catch {
      tracker.failed('internal_error');
    }
  };
  const onThread = (message: unknown): void => {
    const { worker } = message as { worker: Worker };
    worker.on(errorMonitor, (error) => onError(worker, error));
  };
  subscribe(CHANNEL, onThread);
  return () => {
    stopped = true;
    unsubscribe(CHANNEL, onThread);
  };
}
