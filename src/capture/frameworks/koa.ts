// Koa 2 and 3 with @koa/router or koa-router. Errors are seen where a middleware throws them, so that those which a
// middleware further out handles (Koa's way of error pages) are seen, too, and where Koa answers, since a body may fail
// when all middlewares are done. The route is what the router notes on the context before its handlers run.

import type { Instrumentation } from '@opentelemetry/instrumentation';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { type Seam, seamOf } from './seam.ts';
import { contextOfDispatch, contextServing } from './served-context.ts';

interface Application {
  context: object;
}

interface Context {
  /** Of node:http or node:http2. */
  req?: object;
}

export function createKoaHook(): Instrumentation {
  const seam = seamOf('koa');
  return createModuleHook(seam, [
    { module: 'koa', versions: ['>=2 <4'], apply: (exports) => hookKoa(exports, seam) },
    // Only routers know of errors that a middleware within the router handles.
    { module: '@koa/router', versions: ['>=8'], apply: (exports) => hookRouter(exports, seam) },
    { module: 'koa-router', versions: ['>=7'], apply: (exports) => hookRouter(exports, seam) },
  ]);
}

function hookKoa(exports: Record<string, unknown>, seam: Seam): void {
  const { prototype } = classOf(exports, 'default');
  patchMethod(
    prototype,
    'use',
    (use) =>
      function (this: Application, handler: never) {
        return use.call(this, seam.watch(handler));
      },
  );
  patchMethod(
    prototype,
    'callback',
    (callback) =>
      function (this: Application) {
        noteRoute(this.context, seam);
        hookOnError(this.context, seam);
        return callback.call(this);
      },
  );
}

/** Routers write `_matchedRoute` before each layer; on the prototype of all contexts it can be heard. */
function noteRoute(prototype: object, seam: Seam): void {
  if (Object.hasOwn(prototype, '_matchedRoute')) return;
  hear(prototype, undefined, false);

  // A context that knows its route has it as its own, for who copies or lists it; the value stands beside the property and
  // not on the object that is asked: proxies and objects made of a context have the same.
  function hear(context: object, first: unknown, enumerable: boolean): void {
    let pattern = first;
    Object.defineProperty(context, '_matchedRoute', {
      configurable: true,
      enumerable,
      get: () => pattern,
      set(this: Context, next: unknown) {
        if (Object.hasOwn(this, '_matchedRoute')) pattern = next;
        else hear(this, next, true);
        seam.route(next, contextOfDispatch(this.req));
      },
    });
  }
}

/** Koa calls it with each error that it answers or gives up on, also where the application put one of its own there. */
function hookOnError(context: object, seam: Seam): void {
  patchMethod(
    context,
    'onerror',
    (onError) =>
      function (this: Context, error: never) {
        seam.thrown(error, contextServing(this?.req));
        return onError.call(this as never, error);
      },
  );
}

function hookRouter(exports: Record<string, unknown>, seam: Seam): void {
  patchMethod(
    classOf(exports, 'default', 'Router').prototype,
    'register',
    (register) =>
      function (this: unknown, path: never, methods: never, handlers: unknown, ...rest: never[]) {
        const watched = Array.isArray(handlers) ? handlers.map((one) => seam.watch(one)) : seam.watch(handlers);
        return register.call(this, path, methods, watched as never, ...rest);
      },
  );
}

/** The class itself where it is the module (CommonJS), else the export of one of the names. */
function classOf(exports: unknown, ...names: string[]): { prototype: object } {
  if (typeof exports === 'function') return exports as unknown as { prototype: object };
  for (const name of names) {
    const value = (exports as Record<string, unknown>)[name];
    if (typeof value === 'function') return value as unknown as { prototype: object };
  }
  throw new Error(`none of the exports ${names.join(', ')} is a class`);
}
