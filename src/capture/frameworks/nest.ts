// NestJS 10 to 12 on any platform. All that controllers, guards, pipes and interceptors throw comes by ExceptionsHandler,
// whether a filter of the application answers or Nest. Routes come from the platform (Express, Fastify).

import { createRequire } from 'node:module';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { peek } from '../../record/thrown.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { type Seam, seamOf } from './seam.ts';
import { contextServing } from './served-context.ts';

const HANDLER = './exceptions/exceptions-handler.js';
const RESPONSES = './router/router-response-controller.js';

/** What Nest itself throws where no route matched: an answer, not an error of anyone here. */
const NO_ROUTE = /^Cannot [A-Z]+ \//;

/** @param resolve finds the application's @nestjs/core */
export function createNestHook(resolve: (name: string) => unknown): Instrumentation {
  const seam = seamOf('nestjs');
  const apply = (): void => {
    // They are not exported, but loaded by now: Nest 12 is made of ES modules, which `require` gives as they are.
    const load = createRequire(String(resolve('@nestjs/core')));
    const { ExceptionsHandler } = load(HANDLER);
    patchMethod(
      ExceptionsHandler.prototype,
      'next',
      (next) =>
        function (this: unknown, exception: unknown, ...rest: unknown[]) {
          if (!isNoRoute(exception)) seam.thrown(exception);
          return next.call(this as never, exception as never, ...(rest as never[]));
        },
    );
    hookEvents(load(RESPONSES).RouterResponseController.prototype, load('rxjs'), seam);
  };
  return createModuleHook(seam, [{ module: '@nestjs/core', versions: ['>=10 <13'], apply }]);
}

interface Observable {
  pipe(operator: unknown): Observable;
}

interface Rxjs {
  isObservable(value: unknown): value is Observable;
  tap(observer: object): unknown;
}

/** A stream of events (`@Sse()`) that fails once its head is out is told to the client, and to Nest's own logger at most. */
function hookEvents(prototype: object, { isObservable, tap }: Rxjs, seam: Seam): void {
  patchMethod(
    prototype,
    'sse',
    (sse) =>
      function (this: unknown, result: unknown, response: never, ...rest: never[]) {
        const told = (events: unknown): unknown => {
          // What else has a `pipe` (a stream of Node) is for Nest to refuse.
          if (!isObservable(events)) return events;
          return events.pipe(tap({ error: (error: unknown) => seam.thrown(error, contextServing(response)) }));
        };
        const watched = result instanceof Promise ? result.then(told) : told(result);
        return sse.call(this as never, watched as never, response, ...rest);
      },
  );
}

function isNoRoute(exception: unknown): boolean {
  return peek(exception, 'status') === 404 && NO_ROUTE.test(String(peek(exception, 'message')));
}
