// NestJS 10 to 12 on any platform. All that controllers, guards, pipes and interceptors throw comes by ExceptionsHandler,
// whether a filter of the application answers or Nest. Routes come from the platform (Express, Fastify).

import { createRequire } from 'node:module';
import { peek } from '../../record/thrown.ts';
import { ModuleHook, patchMethod } from './module-hook.ts';
import { seamOf } from './seam.ts';

const HANDLER = './exceptions/exceptions-handler.js';

/** What Nest itself throws where no route matched: an answer, not an error of anyone here. */
const NO_ROUTE = /^Cannot [A-Z]+ \//;

/** @param resolve finds the application's @nestjs/core */
export function createNestHook(resolve: (name: string) => unknown): ModuleHook {
  const seam = seamOf('nestjs');
  const apply = (): void => {
    // It is not exported, but loaded by now: Nest 12 is made of ES modules, which `require` gives as they are.
    const { ExceptionsHandler } = createRequire(String(resolve('@nestjs/core')))(HANDLER);
    patchMethod(
      ExceptionsHandler.prototype,
      'next',
      (next) =>
        function (this: unknown, exception: unknown, ...rest: unknown[]) {
          if (!isNoRoute(exception)) seam.thrown(exception);
          return next.call(this as never, exception as never, ...(rest as never[]));
        },
    );
  };
  return new ModuleHook(seam, [{ module: '@nestjs/core', versions: ['>=10 <13'], apply }]);
}

function isNoRoute(exception: unknown): boolean {
  return peek(exception, 'status') === 404 && NO_ROUTE.test(String(peek(exception, 'message')));
}
