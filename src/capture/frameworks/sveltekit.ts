// SvelteKit on adapter-node is one bundle, past every module hook. What it is left to call is Node's: it runs whatever is the
// application's (hooks, load functions, endpoints, actions, what renders a page) with a store of its request, which knows the
// route. Where tracing is switched on it makes spans, too; the request has one already.

import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, context } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { joinState, stateOfContext } from '../../otel/request-state.ts';
import { isErrorLike, isObject, peek } from '../../record/thrown.ts';
import { chainOf } from '../error-fact.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { isAnswer, noteUnhandled, type Seam, seamOf } from './seam.ts';

const SCOPE = 'sveltekit';

const seam = seamOf('sveltekit');
/** By the preload, that is: beside an SDK of the application's the spans say what there is to say. */
let isHooked = false;
let isWatched = false;

/** @param isNamed whether the application is made with SvelteKit; else its first span tells */
export function createSveltekitHook(isNamed: boolean): Instrumentation {
  isHooked = true;
  if (isNamed) watchRequests();
  return createModuleHook(seam, []);
}

export function isSveltekitSpan(span: ReadableSpan): boolean {
  return span.instrumentationScope.name === SCOPE;
}

/** A span of SvelteKit's starts within a request. @returns false where there is none, and it stands for itself */
export function joinSveltekitRequest(span: Parameters<typeof joinState>[0] & ReadableSpan, parent: Context): boolean {
  const state = joinState(span, parent);
  if (state === undefined) return false;
  if (isHooked) watchRequests();
  else if (span.attributes['sveltekit.is_sub_request'] === false) seam.route(routeOf(span), parent);
  return true;
}

/** Its exceptions are copies, made of errors that were watched. */
export function isCopying(span: ReadableSpan): boolean {
  return isWatched && seam.active && isSveltekitSpan(span);
}

function routeOf(span: ReadableSpan): unknown {
  const route = span.attributes['http.route'];
  return route === 'unknown' ? undefined : route;
}

/** Only where SvelteKit is: the context of each span is run so, too, and each call has a line in a stack. */
function watchRequests(): void {
  if (isWatched) return;
  isWatched = true;
  hookRequestStores(AsyncLocalStorage.prototype, seam);
}

interface Event {
  route: { id: unknown };
  isSubRequest?: boolean;
}

type Run = (store: unknown, work: unknown, ...rest: unknown[]) => unknown;

export function hookRequestStores(prototype: object, seam: Seam): void {
  const isFailure = (thrown: unknown): boolean => judge(thrown, seam);
  patchMethod(prototype, 'run', (run) => {
    return function (this: unknown, store: unknown, work: unknown, ...rest: unknown[]) {
      const event = seam.active ? eventOf(store) : undefined;
      if (event === undefined) return (run as Run).call(this, store, work, ...rest);
      // A `fetch` of a load function's is part of the request that it is made in.
      if (event.isSubRequest !== true) seam.route(event.route.id, context.active());
      return (run as Run).call(this, store, seam.watch(work, isFailure), ...rest);
    };
  });
}

/** Of a store of SvelteKit's, 2.20 and newer. */
function eventOf(store: unknown): Event | undefined {
  if (typeof store !== 'object' || store === null || !isObject(peek(store, 'state'))) return undefined;
  const event = peek(store, 'event');
  const route = peek(event, 'route');
  return isObject(route) && 'id' in route ? (event as Event) : undefined;
}

const stoodFor = new WeakSet<object>();

/**
 * Whether what is thrown tells of a failure. `redirect()` and `error()` throw what is no Error; of that of a 5xx nothing is
 * printed. Errors of SvelteKit's own (no such route, no such method) and of a form's validation are answers.
 */
function judge(thrown: unknown, seam: Seam): boolean {
  if (!isObject(thrown)) {
    noteText(thrown);
    return true;
  }
  const status = peek(thrown, 'status');
  if (isErrorLike(thrown)) {
    if (isAnswer(status) && typeof peek(thrown, 'text') === 'string') return false;
    if (peek(thrown, 'name') === 'ValidationError' && Array.isArray(peek(thrown, 'issues'))) return false;
    // What is printed of it, and of its causes, is their stacks.
    for (const one of [...chainOf(thrown).reverse(), thrown]) noteUnhandled(one);
    return true;
  }
  // Any other object SvelteKit may make an Error of, and print that.
  if (typeof status !== 'number') return false;
  const message = peek(peek(thrown, 'body'), 'message');
  if (status < 500 || typeof message !== 'string') return false;
  if (!stoodFor.has(thrown)) {
    stoodFor.add(thrown);
    seam.standsFor(thrown, { name: 'HttpError', message });
  }
  return true;
}

/** What a request threw that is no object. */
const texts = new WeakMap<object, Set<string>>();
const MOST_TEXTS = 16;

function noteText(thrown: unknown): void {
  const request = stateOfContext(context.active())?.request;
  if (request === undefined) return;
  const noted = texts.get(request) ?? new Set();
  texts.set(request, noted);
  if (noted.size < MOST_TEXTS) noted.add(String(JSON.stringify(thrown)));
}

/** SvelteKit 2 makes an Error of such a one, where an endpoint throws it, and prints that. */
export function isCopyOfText(message: unknown): boolean {
  const request = stateOfContext(context.active())?.request;
  return request !== undefined && texts.get(request)?.has(String(message)) === true;
}
