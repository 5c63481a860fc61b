// h3 2 on Node, also where it is a part of Nitro 3: an application finds the route of a request, then calls all that handles it.

import type { Instrumentation } from '@opentelemetry/instrumentation';
import { isErrorLike, isObject, peek, peekAlong } from '../../record/thrown.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { isAnswer, type Seam, seamOf } from './seam.ts';
import { contextOfDispatch } from './served-context.ts';

export function createH3Hook(): Instrumentation {
  const seam = seamOf('h3');
  const apply = (exports: Record<string, unknown>) => hookH3Class(exports.H3, seam);
  return createModuleHook(seam, [{ module: 'h3', versions: ['>=2.0.0-0 <3'], apply }]);
}

export function hookH3Class(H3: unknown, seam: Seam): void {
  const prototype = peek(H3, 'prototype');
  if (!isObject(prototype)) return;
  // What it extends has the method that calls the handlers.
  for (const owner of [prototype, Object.getPrototypeOf(prototype)]) hookH3(owner, seam);
}

/** What has it is rendered by something that h3 is a part of. */
const ANY = '/**';

type Call = (this: unknown, event: unknown, ...rest: unknown[]) => unknown;

/** `owner`: an application, or the prototype of all. */
export function hookH3(owner: object, seam: Seam): void {
  patchMethod(
    owner,
    '~findRoute',
    (find) =>
      function (this: unknown, event: unknown, ...rest: unknown[]) {
        const found = (find as Call).call(this, event, ...rest);
        const route = peekAlong(found, ['data', 'route']);
        if (route !== ANY) seam.route(route, contextOfDispatch(peekAlong(event, ['runtime', 'node', 'req'])));
        return found;
      },
  );
  patchMethod(owner, 'handler', (handle) => {
    const watched = seam.watch(handle as Call, isFailure);
    return function (this: unknown, event: unknown, ...rest: unknown[]) {
      const answer = watched.call(this, event, ...rest);
      // An error that is returned is answered as one that is thrown.
      if (isErrorLike(answer) && isFailure(answer)) seam.thrown(answer);
      return answer;
    };
  });
}

function isFailure(thrown: unknown): boolean {
  return peek(thrown, 'name') !== 'HTTPError' || !isAnswer(peek(thrown, 'status'));
}
