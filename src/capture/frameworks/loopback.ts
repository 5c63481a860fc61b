// LoopBack 4: its routing table tells the route, what it rejects a request with is the error.

import type { Instrumentation } from '@opentelemetry/instrumentation';
import { peek } from '../../record/thrown.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { type Seam, seamOf } from './seam.ts';
import { contextOfDispatch, contextServing } from './served-context.ts';

export function createLoopbackHook(): Instrumentation {
  const seam = seamOf('loopback');
  return createModuleHook(seam, [
    { module: '@loopback/rest', versions: ['>=8 <16'], apply: (exports) => hookLoopback(exports, seam) },
  ]);
}

/** `exports` of the package. */
export function hookLoopback(exports: Record<string, unknown>, seam: Seam): void {
  const table = peek(exports.RoutingTable, 'prototype');
  if (table !== undefined)
    patchMethod(
      table as object,
      'find',
      (find) =>
        function (this: unknown, ...values: unknown[]) {
          const route = find.apply(this, values as never[]);
          seam.route(peek(route, 'path'), contextOfDispatch(values[0]));
          return route;
        },
    );
  if (typeof exports.RejectProvider === 'function')
    patchMethod(
      exports.RejectProvider,
      'value',
      (value) =>
        function (this: unknown, ...values: unknown[]) {
          const reject = value.apply(this, values as never[]) as (...given: unknown[]) => unknown;
          return (...given: unknown[]): unknown => {
            noteFailure(given[1], peek(given[0], 'request'), seam);
            return reject(...given);
          };
        },
    );
}

/** One without a status may have a code that LoopBack answers with 404. */
function noteFailure(error: unknown, request: unknown, seam: Seam): void {
  const status = peek(error, 'statusCode') || peek(error, 'status');
  const isAnswer = status ? Number(status) < 500 : peek(error, 'code') === 'ENTITY_NOT_FOUND';
  if (!isAnswer) seam.thrown(error, contextServing(request));
}
