// BullMQ workers. One with telemetry of its own (option `telemetry`) has a span a job already, so only the error is taken. What
// a sandboxed processor throws comes back here, too, with the stack of there.

import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { peek } from '../../record/thrown.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { type Failing, type Job, QueueJobs } from './queue-jobs.ts';
import { type Seam, seamOf } from './seam.ts';

interface Worker extends Failing {
  opts?: { telemetry?: unknown };
}

/** How a processor says that it put its job off, to another time or until others are done: nothing has failed. */
const MOVES = new Set(['DelayedError', 'WaitingError', 'WaitingChildrenError']);

type CallProcessJob = (this: Worker, job: Job, ...rest: unknown[]) => Promise<unknown>;

export function createBullmqHook(): Instrumentation {
  const seam = seamOf('bullmq');
  return createModuleHook(seam, [{ module: 'bullmq', versions: ['>=5 <7'], apply: (exports) => hook(exports, seam) }]);
}

function hook(exports: Record<string, unknown>, seam: Seam): void {
  const { prototype } = exports.Worker as { prototype: object };
  const jobs = new QueueJobs(seam, isFailure);
  patchMethod(
    prototype,
    'run',
    (run) =>
      function (this: Worker, ...values: never[]) {
        jobs.hear(this);
        return seam.active
          ? context.with(ROOT_CONTEXT, run, this as never, ...values)
          : run.apply(this as never, values);
      },
  );
  patchMethod(prototype, 'callProcessJob', (original) => {
    const callProcessJob = original as unknown as CallProcessJob;
    const patched: CallProcessJob = function (job, ...rest) {
      const process = () => callProcessJob.call(this, job, ...rest);
      if (!seam.active) return process();
      return this.opts?.telemetry === undefined ? jobs.inSpan(job, process) : jobs.inItsSpan(process);
    };
    return patched as never;
  });
}

/** Judged by name, and one by message, as BullMQ does itself. */
function isFailure(error: unknown): boolean {
  return !MOVES.has(String(peek(error, 'name'))) && peek(error, 'message') !== 'bullmq:rateLimitExceeded';
}
