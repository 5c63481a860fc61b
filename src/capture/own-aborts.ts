// Calls of node:http that the application ends itself (a hedged request, a timeout of its own, a page that was left): Node tells
// them by the same "socket hang up" that a broken connection gives, and only who called `destroy` tells them apart.

import { errorMonitor } from 'node:events';
import { ClientRequest } from 'node:http';
import { isObject, peek } from '../record/thrown.ts';
import { patchMethod } from './frameworks/module-hook.ts';

// Registered globally: of an ESM and a CommonJS copy of this file only one wraps.
const OWN = Symbol.for('rowtrace.own-aborts');
const globals = globalThis as unknown as Record<symbol, WeakSet<object> | undefined>;
globals[OWN] ??= new WeakSet();
const own = globals[OWN];

/** The error that Node made since the application destroyed a request without one. */
export function isOwnAbort(error: unknown): boolean {
  return isObject(error) && own.has(error);
}

/** Node itself marks a request whose connection broke as destroyed, and calls `destroy` with an error or not at all. */
export function hookOwnAborts(): void {
  patchMethod(
    ClientRequest.prototype,
    'destroy',
    (destroy) =>
      function (this: ClientRequest, ...values: unknown[]) {
        if (!this.destroyed && (values[0] === undefined || values[0] === null)) expectHangUp(this);
        return destroy.apply(this, values as never[]);
      },
  );
}

function expectHangUp(request: ClientRequest & { res?: NodeJS.EventEmitter | null }): void {
  try {
    // In front of the instrumentation; a monitor handles nothing, so that an error nobody handles stays one.
    for (const emitter of [request, request.res]) emitter?.prependListener(errorMonitor, note);
  } catch {
    // Then it is told as a failure.
  }
}

function note(error: unknown): void {
  if (isObject(error) && peek(error, 'code') === 'ECONNRESET') own.add(error);
}
