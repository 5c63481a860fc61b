// TanStack Start is a bundle, past every module hook. It keeps what it knows of a request in a storage that all copies of it look
// for in one place: ours stands there before. What its router found and what failed in it is read there; nothing prints that.

import { AsyncLocalStorage } from 'node:async_hooks';
import { context } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { isObject, peek, peekAlong } from '../../record/thrown.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { type Seam, seamOf } from './seam.ts';

const STORAGE = Symbol.for('tanstack-start:start-storage-context');

/** @param isNamed whether the application is made with it: nothing is put anywhere in others */
export function createTanstackStartHook(isNamed: boolean): Instrumentation {
  const seam = seamOf('tanstack-start');
  if (isNamed) {
    const globals = globalThis as { [STORAGE]?: object };
    globals[STORAGE] ??= new AsyncLocalStorage();
    hookStartStorage(globals[STORAGE], seam);
  }
  return createModuleHook(seam, []);
}

type Run = (store: unknown, work: unknown, ...rest: unknown[]) => unknown;

export function hookStartStorage(storage: object, seam: Seam): void {
  patchMethod(storage, 'run', (run) => {
    return function (this: unknown, store: unknown, work: unknown, ...rest: unknown[]) {
      // It asks for its router as the first thing, and for the same one each time.
      const router = seam.active ? routerOf(store) : undefined;
      const answer = (run as Run).call(this, store, work, ...rest);
      if (router instanceof Promise) follow(router, answer, seam);
      return answer;
    };
  });
}

/** Of no call of a server function, and once middleware of all requests has let it through. What asking throws is thrown to it. */
function routerOf(store: unknown): unknown {
  try {
    if (!isObject(store) || !('contextAfterGlobalMiddlewares' in store)) return undefined;
    const { handlerType, getRouter } = store as { handlerType?: unknown; getRouter?: () => unknown };
    return handlerType === 'router' ? getRouter?.call(store) : undefined;
  } catch {
    return undefined;
  }
}

function follow(router: Promise<unknown>, answer: unknown, seam: Seam): void {
  const active = context.active();
  const none = () => undefined;
  router.then((found) => seam.route(patternOf(found), active)).catch(none);
  // Settled when all loaders are, whether the page is rendered then or not.
  Promise.all([router, answer])
    .then(([found]) => {
      for (const error of failuresOf(found)) seam.thrown(error, active);
    })
    .catch(none);
}

function patternOf(router: unknown): unknown {
  const path = peekAlong(router, ['latestLocation', 'pathname']);
  const [, rest, route] = (router as { getMatchedRoutes(path: unknown): unknown[] }).getMatchedRoutes(path);
  return peek(rest, '**') === undefined ? peek(route, 'fullPath') : undefined;
}

/** `notFound()` and `redirect()` have states of their own. */
function failuresOf(router: unknown): unknown[] {
  const matches = peekAlong(router, ['state', 'matches']);
  if (!Array.isArray(matches)) return [];
  return matches.filter((match) => peek(match, 'status') === 'error').map((match) => peek(match, 'error'));
}
