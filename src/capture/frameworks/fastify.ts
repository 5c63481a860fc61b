// Fastify: it hands over each instance as it is made ("fastify.initialization"), ESM and CommonJS alike.
// Two hooks and the error handler tell all there is, without a span, a plugin or a loader hook. Its own tracing channel
// ("fastify.request.handler") tells less: nothing of errors in hooks before the handler, nor of validation.

import { channel } from 'node:diagnostics_channel';
import { context } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { logsApi } from '../../otel/lines.ts';
import { isErrorLike } from '../../record/thrown.ts';
import { alike } from '../alike.ts';
import { ERROR, emit, errorIn, WARN } from '../loggers/emit.ts';
import { isHangUp } from './hang-up.ts';
import { createModuleHook } from './module-hook.ts';
import { type Seam, seamOf } from './seam.ts';
import { contextOfDispatch, contextServing } from './served-context.ts';

type Done = () => void;
type ErrorHandler = (this: unknown, error: unknown, request: Request, ...rest: unknown[]) => unknown;

interface Fastify {
  addHook(name: 'onRequest', hook: (request: Request, reply: unknown, done: Done) => void): void;
  addHook(name: 'onError', hook: (request: Request, reply: unknown, error: unknown, done: Done) => void): void;
  setErrorHandler(handler: ErrorHandler, ...rest: never[]): unknown;
  log: Log;
}

type Log = Record<'error' | 'warn' | 'info', (...values: unknown[]) => void>;

interface Request {
  /** Of node:http or node:http2. */
  raw?: unknown;
  /** Without a url where no route matched. */
  routeOptions?: { url?: string };
  /** The same before 4.10; later it warns that it is deprecated. */
  routerPath?: string;
}

const INITIALIZATION = channel('fastify.initialization');

export function createFastifyHook(): Instrumentation {
  const seam = seamOf('fastify');
  const onInstance = (message: unknown): void => hookInstance((message as { fastify: Fastify }).fastify, seam);
  INITIALIZATION.subscribe(onInstance);
  return createModuleHook(seam, [], () => INITIALIZATION.unsubscribe(onInstance));
}

function hookInstance(fastify: Fastify, seam: Seam): void {
  try {
    // Before the application's own hooks, so that what they log has the route.
    fastify.addHook('onRequest', (request, _reply, done) => {
      const { routeOptions } = request;
      seam.route(routeOptions === undefined ? request.routerPath : routeOptions.url, contextOfDispatch(request.raw));
      done();
    });
    // Runs for errors that the default error handler answers, or that a handler of the application sends on.
    fastify.addHook('onError', (request, _reply, error, done) => {
      // `reply.send(error)` may come from a callback whose context is lost.
      seam.thrown(error, contextServing(request.raw));
      done();
    });
    // Instances of plugins inherit this property. A handler of the application may answer, and onError never runs.
    const setErrorHandler = fastify.setErrorHandler;
    fastify.setErrorHandler = alike(function (this: unknown, handler, ...rest) {
      if (typeof handler !== 'function') return setErrorHandler.call(this as Fastify, handler, ...rest);
      const told: ErrorHandler = function (this: unknown, error, request, ...others) {
        seam.thrown(error, contextServing(request?.raw));
        return handler.call(this, error, request, ...others);
      };
      return setErrorHandler.call(this as Fastify, alike(told, handler), ...rest);
    }, setErrorHandler);
    if (isNone(fastify.log)) hearLog(fastify.log, seam);
  } catch {
    // An application without routes on its rows is better than none.
  }
}

/** That one inherits its methods, all the same function; one of the application's may have them so as its own. */
function isNone(log: Log): boolean {
  return log.error === log.info && !Object.hasOwn(log, 'error');
}

/**
 * Without a logger an application has one that does nothing, of its own. What Fastify tells it alone (a stream that fails
 * after the head, a hook that fails after the answer) is told as its logger would tell it.
 */
function hearLog(log: Log, seam: Seam): void {
  for (const [level, severity] of [
    ['error', ERROR],
    ['warn', WARN],
  ] as const) {
    const original = log[level];
    const heard = function (this: unknown, ...values: unknown[]): void {
      original.apply(this, values);
      const thrown = isErrorLike(values[0]) ? values[0] : errorIn(values[0])?.thrown;
      if (!seam.active || thrown === undefined || isHangUp(thrown, context.active())) return;
      emit(logsApi().getLogger(seam.framework), { severity, thrown });
    };
    Object.defineProperty(log, level, { value: alike(heard, original), configurable: true, writable: true });
  }
}
