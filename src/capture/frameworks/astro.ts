// Astro on @astrojs/node is a bundle, past every module hook, but for one file: what runs the application's middleware has a
// name of its own in each build, without middleware, too. All that answers a request is called through it.

import { context } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { peek } from '../../record/thrown.ts';
import { alike } from '../alike.ts';
import { createModuleHook } from './module-hook.ts';
import { noteUnhandled, type Seam, seamOf } from './seam.ts';

/** Of 6 and 7; of 5. */
export const ASTRO_FILE = /\/(?:virtual_astro|_astro-internal|_noop)[_-]middleware\.mjs$/;

/** As the other files of a build import it. */
const MODULES = [
  '../virtual_astro_middleware.mjs',
  './virtual_astro_middleware.mjs',
  './_astro-internal_middleware.mjs',
  './_noop-middleware.mjs',
];

export function createAstroHook(): Instrumentation {
  const seam = seamOf('astro');
  const apply = (exports: Record<string, unknown>) => hookMiddleware(exports, seam);
  return createModuleHook(
    seam,
    MODULES.map((module) => ({ module, versions: ['*'], apply })),
  );
}

type OnRequest = (this: unknown, asked: unknown, ...rest: unknown[]) => unknown;

/** The page that a status is answered with is asked for through the same middleware, and is nobody's route. */
const ERROR_PAGE = /\/(?:404|500)$/;

export function hookMiddleware(exports: Record<string, unknown>, seam: Seam): void {
  const { onRequest } = exports;
  if (typeof onRequest !== 'function') return;
  const isFailure = (thrown: unknown): boolean => {
    // What is printed of it is its stack.
    noteUnhandled(thrown);
    return true;
  };
  const watched = seam.watch(onRequest as OnRequest, isFailure);
  exports.onRequest = alike(function (this: unknown, asked: unknown, ...rest: unknown[]) {
    const pattern = peek(asked, 'routePattern');
    if (!ERROR_PAGE.test(String(pattern))) seam.route(pattern, context.active());
    return watched.call(this, asked, ...rest);
  }, onRequest as OnRequest);
}
