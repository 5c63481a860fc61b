// Bull, whose successor is BullMQ: handlers are watched where a queue is given them, those in files of their own, too.

import type { Instrumentation } from '@opentelemetry/instrumentation';
import { isObject } from '../../record/thrown.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { type Failing, type Job, QueueJobs } from './queue-jobs.ts';
import { type Seam, seamOf } from './seam.ts';

interface Queue extends Failing {
  handlers: Record<string, (job: Job) => Promise<unknown>>;
}

type SetHandler = (this: Queue, name: string, ...rest: unknown[]) => void;

export function createBullHook(): Instrumentation {
  const seam = seamOf('bull');
  return createModuleHook(seam, [{ module: 'bull', versions: ['>=4 <5'], apply: (exports) => hook(exports, seam) }]);
}

function hook(exports: Record<string, unknown>, seam: Seam): void {
  const { prototype } = (isObject(exports.default) ? exports.default : exports) as unknown as { prototype: object };
  const jobs = new QueueJobs(seam);
  patchMethod(prototype, 'setHandler', (original) => {
    const setHandler = original as unknown as SetHandler;
    const patched: SetHandler = function (name, ...rest) {
      setHandler.call(this, name, ...rest);
      const handle = this.handlers[name]!;
      this.handlers[name] = (job) => (seam.active ? jobs.inSpan(job, () => handle(job)) : handle(job));
      jobs.hear(this);
    };
    return patched as never;
  });
}
