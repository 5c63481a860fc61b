// Calls of HTTP that the application ends itself (a hedged request, a page that was left): Node tells them by the same "socket
// hang up" that a broken connection gives, or by the reason that was given to `abort`, which may be any error. Only who called
// `destroy` or `abort` tells them apart. A timeout is no abort, though the application asked for it.

import { errorMonitor } from 'node:events';
import { ClientRequest } from 'node:http';
import { isObject, peek } from '../record/thrown.ts';
import { patchMethod } from './frameworks/module-hook.ts';

interface Own {
  errors: WeakSet<object>;
  /** Reasons that are words, and how often: for a turn of the event loop, since any later failure may be of the same words. */
  words: Map<string, number>;
}

// Registered globally: of an ESM and a CommonJS copy of this file only one wraps.
const OWN = Symbol.for('rowtrace.own-aborts');
const globals = globalThis as unknown as Record<symbol, Own | undefined>;
globals[OWN] ??= { errors: new WeakSet(), words: new Map() };
const own = globals[OWN];

const MAX_WORDS = 64;
/** Taken now, since tests of an application put their own in its place. */
const nextTurn = setImmediate;

/** What a call failed of since the application ended it. Thrown on it is a failure of whoever throws it. */
export function isOwnAbort(error: unknown): boolean {
  return isObject(error) ? own.errors.has(error) : typeof error === 'string' && own.words.has(error);
}

/** Node itself marks a request whose connection broke as destroyed, and calls `destroy` with an error or not at all. */
export function hookOwnAborts(): void {
  patchMethod(
    ClientRequest.prototype,
    'destroy',
    (destroy) =>
      function (this: ClientRequest, ...values: unknown[]) {
        if (!this.destroyed) noteDestroy(this, values[0]);
        return destroy.apply(this, values as never[]);
      },
  );
  patchMethod(
    AbortController.prototype,
    'abort',
    (abort) =>
      function (this: AbortController, ...values: unknown[]) {
        noteReason(values[0]);
        return abort.apply(this, values as never[]);
      },
  );
}

/** A signal destroys its request with an AbortError around the reason. */
function noteDestroy(request: ClientRequest, error: unknown): void {
  if (isObject(error)) {
    const isAbort = peek(error, 'code') === 'ABORT_ERR' && !isTimeout(peek(error, 'cause'));
    if (!isAbort && !isCanceled(error)) return;
    own.errors.add(error);
  } else if (error) return;
  expectHangUp(request);
}

/** fetch fails with the reason itself; without one with an AbortError, which its instrumentation leaves out. */
function noteReason(reason: unknown): void {
  if (typeof reason === 'string') noteWords(reason);
  // fetch has a controller of its own that hands on what a signal of AbortSignal.timeout() says.
  else if (isObject(reason) && !isTimeout(reason)) own.errors.add(reason);
}

/** In that turn fetch fails, and its instrumentation is told. */
function noteWords(reason: string): void {
  if (own.words.size >= MAX_WORDS) return;
  own.words.set(reason, (own.words.get(reason) ?? 0) + 1);
  nextTurn(() => {
    const times = own.words.get(reason)! - 1;
    if (times > 0) own.words.set(reason, times);
    else own.words.delete(reason);
  }).unref();
}

/** What a client of ConnectRPC makes of a signal's AbortError, without its cause; also of a TimeoutError. */
function isCanceled(error: unknown): boolean {
  if (peek(error, 'name') !== 'ConnectError' || peek(error, 'code') !== 1) return false;
  return !String(peek(error, 'message')).endsWith(' due to timeout');
}

function isTimeout(reason: unknown): boolean {
  return peek(reason, 'name') === 'TimeoutError';
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
  if (isObject(error) && peek(error, 'code') === 'ECONNRESET') own.errors.add(error);
}
