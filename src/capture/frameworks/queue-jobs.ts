// What workers of BullMQ and Bull have in common: a CONSUMER span around each job, named as the semantic conventions for
// messaging say, with what the processor throws (they catch that themselves and only keep its text with the job); and an
// event for a job that fails without a processor: its worker was killed, its time is over.

import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { withCarried } from '../../otel/context-keys.ts';
import { isObject } from '../../record/thrown.ts';
import type { Seam } from './seam.ts';
import { inSpan } from './work-span.ts';

export interface Job {
  id?: unknown;
  name?: unknown;
  queueName?: unknown;
  /** Of Bull. */
  queue?: { name?: unknown };
  attemptsMade?: unknown;
}

export interface Failing {
  on(event: 'failed', listener: (job: Job | undefined, error: unknown) => void): unknown;
}

export class QueueJobs {
  readonly #seam: Seam;
  readonly #isFailure: (error: unknown) => boolean;
  /** What processors threw is told where they threw it. */
  readonly #thrown = new WeakSet<object>();
  readonly #heard = new WeakSet<Failing>();

  /** @param isFailure whether what a processor throws tells of one. Default: all does */
  constructor(seam: Seam, isFailure: (error: unknown) => boolean = () => true) {
    this.#seam = seam;
    this.#isFailure = isFailure;
  }

  /** Hears of jobs that it gives up, once. */
  hear(worker: Failing): void {
    if (this.#heard.has(worker)) return;
    this.#heard.add(worker);
    worker.on('failed', (job, error) => {
      if (!isObject(error) || this.#thrown.has(error)) return;
      this.#seam.thrown(error, withCarried(ROOT_CONTEXT, { tags: job === undefined ? {} : this.#attributes(job) }));
    });
  }

  /** Whoever made the worker, a request perhaps, is not whom its jobs are for. */
  inSpan(job: Job, process: () => Promise<unknown>): Promise<unknown> {
    const attributes = this.#attributes(job);
    const name = `process ${attributes['messaging.destination.name']}`;
    const work = { scope: `rowtrace/${this.#seam.framework}`, name, kind: SpanKind.CONSUMER, attributes };
    return inSpan({ ...work, parent: ROOT_CONTEXT, isFailure: (error) => this.#note(error) }, process);
  }

  /** For a job that has a span already. */
  async inItsSpan(process: () => Promise<unknown>): Promise<unknown> {
    try {
      return await process();
    } catch (error) {
      if (this.#note(error)) this.#seam.thrown(error);
      throw error;
    }
  }

  #note(error: unknown): boolean {
    if (isObject(error)) this.#thrown.add(error);
    return this.#isFailure(error);
  }

  #attributes(job: Job) {
    const system = this.#seam.framework;
    return {
      'messaging.system': system,
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': String(job.queueName ?? job.queue?.name),
      'messaging.message.id': String(job.id),
      [`messaging.${system}.job.name`]: String(job.name),
      [`messaging.${system}.job.attempts_made`]: Number(job.attemptsMade ?? 0),
    };
  }
}
