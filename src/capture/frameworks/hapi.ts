// hapi 18 to 21: each server that is made gets two steps of a request's life cycle. No span, no plugin. What is answered with
// 4xx, validation among it, is an answer.

import type { Instrumentation } from '@opentelemetry/instrumentation';
import { isErrorLike, isObject, noteCopy, peek } from '../../record/thrown.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { type Seam, seamOf } from './seam.ts';
import { contextOfDispatch, contextServing } from './served-context.ts';

interface Request {
  raw: { req: unknown; res: { once(event: 'finish', listener: () => void): void } };
  route: { path: string };
  response: unknown;
}

type Step = (request: Request, toolkit: { continue: unknown }) => unknown;

interface Server {
  ext(event: 'onPreAuth' | 'onPreResponse', step: Step): void;
}

type MakeServer = (...values: unknown[]) => Server;

export function createHapiHook(): Instrumentation {
  const seam = seamOf('hapi');
  return createModuleHook(seam, [
    { module: '@hapi/hapi', versions: ['>=18 <22'], apply: (exports) => hookHapi(exports, seam) },
    { module: '@hapi/boom', versions: ['>=7'], apply: (exports) => hookBoom(exports) },
  ]);
}

/**
 * What looks like a mistake of the programmer's (a TypeError and the like), hapi has boom copy. It is the same error, whichever
 * of the two is logged.
 */
export function hookBoom(exports: Record<string, unknown>): void {
  patchMethod(
    exports,
    'badImplementation',
    (make) =>
      function (this: unknown, given: unknown, ...rest: never[]) {
        const made = make.call(this, given as never, ...rest);
        if (isErrorLike(given) && isObject(made)) noteCopy(made, given);
        return made;
      },
  );
}

/** `exports` of the package, by `require` or by `import`. */
export function hookHapi(exports: Record<string, unknown>, seam: Seam): void {
  const watched = new Map<unknown, MakeServer>();
  for (const owner of [exports.default, exports]) {
    if (!isObject(owner)) continue;
    for (const name of ['server', 'Server']) {
      const original = peek(owner, name) as MakeServer | undefined;
      if (typeof original !== 'function' || WATCHED.has(original)) continue;
      const make = watched.get(original) ?? watch(original, seam);
      watched.set(original, make);
      (owner as Record<string, unknown>)[name] = make;
    }
  }
}

const WATCHED = new WeakSet<object>();

function watch(original: MakeServer, seam: Seam): MakeServer {
  const make = new Proxy(original, {
    apply: (target, self, values) => hookServer(Reflect.apply(target, self, values), seam),
    construct: (target, values, newTarget) => hookServer(Reflect.construct(target, values, newTarget), seam),
  });
  WATCHED.add(make);
  return make;
}

function hookServer(server: Server, seam: Seam): Server {
  try {
    // The first that knows its route; where none matched there is no such step.
    server.ext('onPreAuth', ({ raw, route }, { continue: goOn }) => {
      seam.route(route.path, contextOfDispatch(raw.req));
      return goOn;
    });
    // Before those of the application, which may make a page of an error.
    server.ext('onPreResponse', (request, { continue: goOn }) => {
      noteFailure(request.response, request, seam);
      // And what fails later: such a page, a value that cannot be sent. By then it is another response, made of the error.
      request.raw.res.once('finish', () => noteFailure(peek(request.response, '_error'), request, seam));
      return goOn;
    });
  } catch {
    // An application without routes on its rows is better than none.
  }
  return server;
}

/** A Boom of 5xx, which any error is by then: the same object, or around what is none. */
function noteFailure(error: unknown, request: Request, seam: Seam): void {
  const status = peek(peek(error, 'output'), 'statusCode');
  if (typeof status === 'number' && status >= 500) seam.thrown(error, contextServing(request.raw.req));
}
