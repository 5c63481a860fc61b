// NestJS 9 to 12 on any platform. All that controllers, guards, pipes and interceptors throw comes by ExceptionsHandler, and
// what resolvers of GraphQL throw by ExternalExceptionsHandler, whether a filter of the application answers or Nest. Routes
// come from the platform (Express, Fastify). Messages of microservices and gateways: nest-messages.ts.

import { createRequire } from 'node:module';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { isClientFault, isErrorLike, isObject, peek } from '../../record/thrown.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { messagePatches, NEST } from './nest-messages.ts';
import { type Seam, seamOf } from './seam.ts';
import { contextServing } from './served-context.ts';

const HANDLER = './exceptions/exceptions-handler.js';
const EXTERNAL = './exceptions/external-exceptions-handler.js';
const ROUTES = './router/routes-resolver.js';
const RESPONSES = './router/router-response-controller.js';

/** What Nest itself throws where no route matched: an answer, not an error of anyone here. */
const NO_ROUTE = /^Cannot [A-Z]+ \//;

/** @param resolve finds the application's packages of Nest */
export function createNestHook(resolve: (name: string) => unknown): Instrumentation {
  const seam = seamOf('nestjs');
  const apply = (): void => {
    // They are not exported, but loaded by now: Nest 12 is made of ES modules, which `require` gives as they are.
    const load = createRequire(String(resolve('@nestjs/core')));
    hookHandler(load(HANDLER).ExceptionsHandler.prototype, seam);
    // OpenTelemetry's instrumentation for GraphQL sees none of these: it wraps the resolvers of a schema once, and Nest asks
    // its schema something before it has any.
    hookHandler(load(EXTERNAL).ExternalExceptionsHandler.prototype, seam);
    hookMapping(load(ROUTES).RoutesResolver.prototype, seam);
    hookEvents(load(RESPONSES).RouterResponseController.prototype, load('rxjs'), seam);
  };
  return createModuleHook(seam, [
    { module: '@nestjs/core', versions: NEST, apply },
    ...messagePatches(resolve, whileAnswering, seam),
  ]);
}

const NOTHING = Symbol('nothing');
/**
 * What is being answered, and Nest's logger is about to print: what is no Error, without a stack to know it by, and what says that the
 * client is at fault, as an error.
 */
let answering: unknown = NOTHING;

const PRINTERS: readonly unknown[] = ['ExceptionsHandler', 'RpcExceptionsHandler', 'WsExceptionsHandler'];

/** Whether a call of Nest's own logger prints what was told already. */
export function printsAnswered([words, ...rest]: readonly unknown[]): boolean {
  if (answering === NOTHING || !PRINTERS.includes(rest.at(-1))) return false;
  return words === answering || words === peek(answering, 'message');
}

/** Around all that Nest makes of `exception`. */
function whileAnswering<T>(exception: unknown, work: () => T): T {
  const outer = answering;
  const isTold = !isErrorLike(exception) || isClientFault(exception);
  answering = seamOf('nestjs').active && isTold ? exception : NOTHING;
  try {
    return work();
  } finally {
    answering = outer;
  }
}

function hookHandler(prototype: object, seam: Seam): void {
  patchMethod(
    prototype,
    'next',
    (next) =>
      function (this: unknown, exception: unknown, ...rest: unknown[]) {
        if (!isNoRoute(exception)) seam.thrown(exception);
        return whileAnswering(exception, () => next.call(this as never, exception as never, ...(rest as never[])));
      },
  );
}

/** Before Nest 12 the error of a body that cannot be read goes on as another, which keeps its words alone. */
function hookMapping(prototype: object, seam: Seam): void {
  patchMethod(
    prototype,
    'mapExternalException',
    (map) =>
      function (this: unknown, error: unknown) {
        const mapped = map.call(this as never, error as never);
        if (isObject(mapped) && isObject(error)) seam.standsFor(mapped, error);
        return mapped;
      },
  );
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
