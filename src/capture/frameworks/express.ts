// Express 4 and 5: no span, nothing wrapped around handlers. The route is set where a route is entered, the patterns of
// the routers above it where those are mounted; an error is seen by the first error handler it comes to, and where it
// leaves its router.

import { getRPCMetadata } from '@opentelemetry/core';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { Given } from '../../util/given.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { noteUnhandled, type Seam, seamOf } from './seam.ts';
import { contextOfDispatch, contextServing } from './served-context.ts';

type Next = (error?: unknown) => void;
type Request = object;
type Handle = (request: Request, response: unknown, next: Next) => unknown;

/** Patterns of the routers that a request has entered, joined. */
class Mounted extends Given {
  #pattern: string | undefined;

  private constructor(request: Request, pattern: string | undefined) {
    super(request);
    this.#pattern = pattern;
  }

  static note(request: Request, pattern: string | undefined): void {
    if (#pattern in request) request.#pattern = pattern;
    else new Mounted(request, pattern);
  }

  static on(request: Request): string | undefined {
    return #pattern in request ? request.#pattern : undefined;
  }
}

interface Layer {
  handle: { length: number };
  route?: object;
}
interface Router {
  stack: Layer[];
}

/** Names of the same method in Express 5 and 4. */
const HANDLE_REQUEST = ['handleRequest', 'handle_request'];
const HANDLE_ERROR = ['handleError', 'handle_error'];

export function createExpressHook(): Instrumentation {
  const seam = seamOf('express');
  return createModuleHook(seam, [
    { module: 'express', versions: ['>=4 <6'], apply: (exports) => hookExpress(exports, seam) },
  ]);
}

/** `exports` of the package express. */
export function hookExpress(exports: Record<string, unknown>, seam: Seam): void {
  /** The request that an application passes to its router, if nobody else answers for it. */
  let answeredByExpress: Request | undefined;
  const { application } = (exports.application ? exports : exports.default) as { application: object };
  patchMethod(
    application,
    'handle',
    (handle) =>
      function (this: unknown, request: Request, response: never, callback: never) {
        answeredByExpress = callback === undefined ? request : undefined;
        return handle.call(this as never, request as never, response, callback);
      },
  );
  const { Router, Route } = (exports.Router ? exports : exports.default) as Record<string, { prototype: object }>;
  // In Express 4 the function that makes routers is their prototype, too.
  const router = 'use' in Router!.prototype ? Router!.prototype : Router!;
  patchMethod(
    router,
    'use',
    (use) =>
      function (this: Router, ...values: unknown[]) {
        const known = this.stack.length;
        const result = use.apply(this, values as never[]);
        const pattern = patternOf(values[0]);
        for (const layer of this.stack.slice(known)) {
          hookErrors(layer, seam);
          if (pattern !== '') hookMounted(layer, pattern, seam);
        }
        return result;
      },
  );
  patchMethod(
    router,
    'route',
    (route) =>
      function (this: Router, path: never) {
        const result = route.call(this, path);
        hookErrors(this.stack.at(-1)!, seam);
        return result;
      },
  );
  patchMethod(
    router,
    'handle',
    (handle) =>
      function (this: Router, request: Request, response: never, out: Next) {
        const isLast = answeredByExpress === request;
        answeredByExpress = undefined;
        if (typeof out !== 'function') return handle.call(this, request as never, response, out as never);
        const leave: Next = (error) => {
          if (isError(error)) {
            seam.thrown(error, contextServing(request));
            if (isLast) noteUnhandled(error);
          }
          out(error);
        };
        return handle.call(this, request as never, response, leave as never);
      },
  );
  patchMethod(
    Route!.prototype,
    'dispatch',
    (dispatch) =>
      function (this: { path: unknown }, request: Request, response: never, done: Next) {
        const pattern = joined(Mounted.on(request), patternOf(this.path)) || '/';
        const left = enter(request, pattern, seam, done);
        return dispatch.call(this as never, request as never, response, left as never);
      },
  );
}

/** Layers are of a class that is not exported: it is reached by the first one made. */
function hookErrors(layer: Layer, seam: Seam): void {
  for (const name of HANDLE_ERROR)
    patchMethod(
      Object.getPrototypeOf(layer),
      name,
      (handleError) =>
        function (this: Layer, error: never, request: never, response: never, next: never) {
          // Others only pass it on.
          if (this.handle.length === 4 && isError(error)) seam.thrown(error, contextServing(request));
          return handleError.call(this as never, error, request, response, next);
        },
    );
}

/** A router or handler that was given a pattern: on this layer alone, so that others cost nothing. */
function hookMounted(layer: Layer, pattern: string, seam: Seam): void {
  const methods = layer as unknown as Record<string, Handle>;
  for (const name of HANDLE_REQUEST) {
    if (typeof methods[name] !== 'function') continue;
    const handleRequest = methods[name];
    const mounted: Handle = function (this: unknown, request, response, next) {
      const outer = Mounted.on(request);
      const inner = joined(outer, pattern);
      Mounted.note(request, inner);
      const left = enter(request, inner, seam, (error) => {
        Mounted.note(request, outer);
        next(error);
      });
      return handleRequest.call(this, request, response, left);
    };
    Object.defineProperty(methods, name, { value: mounted, configurable: true, writable: true });
  }
}

/** @returns `next` for what is entered: where that is left without an error, what follows is of the route before */
function enter(request: Request, pattern: string, seam: Seam, next: Next): Next {
  const owner = seam.active ? contextOfDispatch(request) : undefined;
  const rpc: { route?: string | undefined } | undefined = owner && getRPCMetadata(owner);
  if (rpc === undefined) return next;
  const before = rpc.route;
  rpc.route = pattern;
  return (error) => {
    if (!isError(error)) rpc.route = before;
    next(error);
  };
}

/** `next('route')` and `next('router')` are ways to go on. */
function isError(error: unknown): boolean {
  return Boolean(error) && error !== 'route' && error !== 'router';
}

/** '' for a handler without a pattern and for '/', which adds nothing to that of the router above. */
function patternOf(path: unknown): string {
  if (Array.isArray(path)) return path.map(patternOf).filter(Boolean).join(',');
  return (typeof path === 'string' && path !== '/') || path instanceof RegExp ? String(path) : '';
}

function joined(outer: string | undefined, pattern: string): string {
  return outer === undefined ? pattern : (outer + pattern).replaceAll('//', '/');
}
