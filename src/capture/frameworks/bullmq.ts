// BullMQ workers: a CONSUMER span around each job, named as the semantic conventions for messaging say, with what the
// processor throws. BullMQ catches that itself and only keeps its text with the job. A worker with telemetry of its own
// (option `telemetry`) has a span already, so only the error is taken. What a sandboxed processor throws comes
// back here, too, with the stack of there.

import { context, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { peek } from '../../record/thrown.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { type Seam, seamOf } from './seam.ts';
import { inSpan } from './work-span.ts';

interface Job {
  id?: unknown;
  name?: unknown;
  queueName?: unknown;
  attemptsMade?: unknown;
}

interface Worker {
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
  // Whoever makes a worker, a request perhaps, is not whom its jobs are for.
  patchMethod(
    prototype,
    'run',
    (run) =>
      function (this: Worker, ...values: never[]) {
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
      return this.opts?.telemetry === undefined ? inJobSpan(job, process) : noting(seam, process);
    };
    return patched as never;
  });
}

function inJobSpan(job: Job, process: () => Promise<unknown>): Promise<unknown> {
  const queue = String(job.queueName);
  const attributes = {
    'messaging.system': 'bullmq',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': queue,
    'messaging.message.id': String(job.id),
    'messaging.bullmq.job.name': String(job.name),
    'messaging.bullmq.job.attempts_made': Number(job.attemptsMade ?? 0),
  };
  const work = { scope: 'rowtrace/bullmq', name: `process ${queue}`, kind: SpanKind.CONSUMER, attributes };
  return inSpan({ ...work, parent: ROOT_CONTEXT, isFailure }, process);
}

/** Judged by name, and one by message, as BullMQ does itself. */
function isFailure(error: unknown): boolean {
  return !MOVES.has(String(peek(error, 'name'))) && peek(error, 'message') !== 'bullmq:rateLimitExceeded';
}

async function noting(seam: Seam, process: () => Promise<unknown>): Promise<unknown> {
  try {
    return await process();
  } catch (error) {
    if (isFailure(error)) seam.thrown(error);
    throw error;
  }
}
