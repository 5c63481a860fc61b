// BullMQ workers: a CONSUMER span around each job, named as the semantic conventions for messaging say, with what the
// processor throws. BullMQ catches that itself and only keeps its text with the job. A worker with telemetry of its own
// (option `telemetry`) has a span already, so only the error is taken. What a sandboxed processor throws comes
// back here, too, with the stack of there. A job that BullMQ itself gives up (its worker was killed) it tells as an event.

import { context, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { withCarried } from '../../otel/context-keys.ts';
import { isObject, peek } from '../../record/thrown.ts';
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
  on(event: 'failed', listener: (job: Job | undefined, error: unknown) => void): unknown;
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
  /** What processors threw is told where they threw it. */
  const thrown = new WeakSet<object>();
  const heard = new WeakSet<Worker>();
  // Whoever makes a worker, a request perhaps, is not whom its jobs are for.
  patchMethod(
    prototype,
    'run',
    (run) =>
      function (this: Worker, ...values: never[]) {
        if (!heard.has(this)) this.on('failed', (job, error) => givenUp(job, error, thrown, seam));
        heard.add(this);
        return seam.active
          ? context.with(ROOT_CONTEXT, run, this as never, ...values)
          : run.apply(this as never, values);
      },
  );
  patchMethod(prototype, 'callProcessJob', (original) => {
    const callProcessJob = original as unknown as CallProcessJob;
    const patched: CallProcessJob = function (job, ...rest) {
      const process = () => noting(thrown, callProcessJob.call(this, job, ...rest));
      if (!seam.active) return process();
      return this.opts?.telemetry === undefined ? inJobSpan(job, process) : telling(seam, process);
    };
    return patched as never;
  });
}

function inJobSpan(job: Job, process: () => Promise<unknown>): Promise<unknown> {
  const attributes = attributesOf(job);
  const name = `process ${attributes['messaging.destination.name']}`;
  const work = { scope: 'rowtrace/bullmq', name, kind: SpanKind.CONSUMER, attributes };
  return inSpan({ ...work, parent: ROOT_CONTEXT, isFailure }, process);
}

function attributesOf(job: Job) {
  return {
    'messaging.system': 'bullmq',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': String(job.queueName),
    'messaging.message.id': String(job.id),
    'messaging.bullmq.job.name': String(job.name),
    'messaging.bullmq.job.attempts_made': Number(job.attemptsMade ?? 0),
  };
}

/** Never throws: the application's own listeners come after it. */
function givenUp(job: Job | undefined, error: unknown, thrown: WeakSet<object>, seam: Seam): void {
  if (!isObject(error) || thrown.has(error)) return;
  seam.thrown(error, withCarried(ROOT_CONTEXT, { tags: job === undefined ? {} : attributesOf(job) }));
}

/** Judged by name, and one by message, as BullMQ does itself. */
function isFailure(error: unknown): boolean {
  return !MOVES.has(String(peek(error, 'name'))) && peek(error, 'message') !== 'bullmq:rateLimitExceeded';
}

async function noting(thrown: WeakSet<object>, processing: Promise<unknown>): Promise<unknown> {
  try {
    return await processing;
  } catch (error) {
    if (isObject(error)) thrown.add(error);
    throw error;
  }
}

async function telling(seam: Seam, process: () => Promise<unknown>): Promise<unknown> {
  try {
    return await process();
  } catch (error) {
    if (isFailure(error)) seam.thrown(error);
    throw error;
  }
}
