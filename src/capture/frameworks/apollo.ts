// Apollo Server 4 and 5: it answers an error of the application's `context` function itself, and prints nothing of it. What
// resolvers throw is the instrumentation of graphql's to see, routes are those of what it is mounted on.

import type { Instrumentation } from '@opentelemetry/instrumentation';
import { isObject, peek, peekAlong } from '../../record/thrown.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { isAnswer, type Seam, seamOf } from './seam.ts';

export function createApolloHook(): Instrumentation {
  const seam = seamOf('apollo');
  return createModuleHook(seam, [
    { module: '@apollo/server', versions: ['>=4 <6'], apply: (exports) => hookApollo(exports, seam) },
  ]);
}

/** `exports` of the package. */
export function hookApollo(exports: Record<string, unknown>, seam: Seam): void {
  const prototype = peek(exports.ApolloServer, 'prototype');
  if (!isObject(prototype)) return;
  patchMethod(
    prototype,
    'executeHTTPGraphQLRequest',
    (execute) =>
      function (this: unknown, ...values: unknown[]) {
        const [request, ...rest] = values;
        const given = peek(request, 'context');
        const watched =
          typeof given === 'function' ? { ...(request as object), context: seam.watch(given, isFailure) } : request;
        return execute.apply(this, [watched, ...rest] as never[]);
      },
  );
}

function isFailure(thrown: unknown): boolean {
  return !isAnswer(peekAlong(thrown, ['extensions', 'http', 'status']));
}
