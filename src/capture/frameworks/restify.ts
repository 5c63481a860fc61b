// restify 8 to 12: each server that is made tells what matched ('routed'), and what it is about to answer an error of. No span,
// no listener of its error events: with one, it waits for that.

import type { Instrumentation } from '@opentelemetry/instrumentation';
import { isErrorLike, isObject, peek } from '../../record/thrown.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { isAnswer, type Seam, seamOf } from './seam.ts';
import { contextOfDispatch, contextServing } from './served-context.ts';

interface Server {
  on(event: 'routed', listener: (request: unknown, response: unknown, route: unknown) => void): void;
}

export function createRestifyHook(): Instrumentation {
  const seam = seamOf('restify');
  return createModuleHook(seam, [
    { module: 'restify', versions: ['>=8 <13'], apply: (exports) => hookRestify(exports, seam) },
  ]);
}

/** `exports` of the package, by `require` or by `import`. */
export function hookRestify(exports: Record<string, unknown>, seam: Seam): void {
  for (const owner of [exports.default, exports])
    if (isObject(owner))
      patchMethod(
        owner,
        'createServer',
        (create) =>
          function (this: unknown, ...values: unknown[]) {
            return hookServer(create.apply(this, values as never[]) as Server, seam);
          },
      );
}

function hookServer(server: Server, seam: Seam): Server {
  try {
    server.on('routed', (request, _response, route) => seam.route(peek(route, 'path'), contextOfDispatch(request)));
    patchMethod(
      Object.getPrototypeOf(server),
      '_onHandlerError',
      (handle) =>
        function (this: unknown, ...values: unknown[]) {
          const [error, request] = values;
          if (isErrorLike(error) && !isAnswer(peek(error, 'statusCode'))) seam.thrown(error, contextServing(request));
          return handle.apply(this, values as never[]);
        },
    );
  } catch {
    // An application without routes on its rows is better than none.
  }
  return server;
}
