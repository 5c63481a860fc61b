// AdonisJS (@adonisjs/http-server 9): it tells the route and what fails by tracing channels of Node. No module is patched, and no
// span is made. Version 7 has no such channels.

import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { context } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { peek, peekAlong } from '../../record/thrown.ts';
import { createModuleHook } from './module-hook.ts';
import { isAnswer, type Seam, seamOf } from './seam.ts';

const REQUEST = tracingChannel('adonisjs.http.request').start;
const WORK = ['adonisjs.http.middleware', 'adonisjs.http.route.handler'].map((name) => tracingChannel(name));

export function createAdonisHook(): Instrumentation {
  const seam = seamOf('adonis');
  const unsubscribe = subscribe(seam);
  return createModuleHook(seam, [], unsubscribe);
}

/** @returns how to undo it */
export function subscribe(seam: Seam): () => void {
  const served = new AsyncLocalStorage<unknown>();
  const started = (): void => seam.route(peekAlong(served.getStore(), ['route', 'pattern']), context.active());
  const failed = (message: unknown): void => {
    const error = peek(message, 'error');
    // The rest is answered so; what the application logs of it is its to judge.
    if (!isAnswer(peek(error, 'status'))) seam.thrown(error);
  };
  REQUEST.bindStore(served, (message) => peek(message, 'ctx'));
  for (const { start, error } of WORK) {
    start.subscribe(started);
    error.subscribe(failed);
  }
  return () => {
    REQUEST.unbindStore(served);
    for (const { start, error } of WORK) {
      start.unsubscribe(started);
      error.unsubscribe(failed);
    }
  };
}
