// Next.js makes spans of its own where it finds an SDK, through whatever copy of the API it was built with, so a bundled
// or stand-alone application needs no module hook. They bring the route, as soon as it is known, and the Error objects of
// pages, route handlers and server actions. None of them is an operation of the application: the request has a span.

import type { Attributes, Context } from '@opentelemetry/api';
import { getRPCMetadata, RPCType } from '@opentelemetry/core';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { joinState, type RequestState } from '../../otel/request-state.ts';
import { peek } from '../../record/thrown.ts';
import { createModuleHook } from './module-hook.ts';
import { seamOf } from './seam.ts';

const SCOPE = 'next.js';

/** Pages that Next renders where no route matched, or where one failed. */
const OWN_PAGE = /^\/(?:_not-found|_error|404|500)$/;

const API_ROUTE = /^executing api route \(pages\) (\/.*)$/;
const SIGNAL = /^(?:NEXT_|DYNAMIC_SERVER_USAGE|BAILOUT_TO_CLIENT_SIDE_RENDERING|HANGING_PROMISE_REJECTION)/;

const OBSCURED = /^An error occurred in the Server Components render\./;
/** Of one request: a page may render a list of a thousand. */
const MOST_DIGESTS = 100;

const seam = seamOf('next');
/** Requests whose route is known: the page of an error that is rendered later has a route, too. */
const routed = new WeakSet<RequestState>();
const digests = new WeakMap<RequestState, Set<string>>();

/** Nothing to patch; there to be named and switched off. */
export function createNextHook(): Instrumentation {
  return createModuleHook(seam, []);
}

export function isNextSpan(span: ReadableSpan): boolean {
  return span.instrumentationScope.name === SCOPE;
}

/** A span of Next's starts within a request. @returns false where there is none, and it stands for itself */
export function joinRequest(span: Parameters<typeof joinState>[0] & ReadableSpan, parent: Context): boolean {
  const state = joinState(span, parent);
  if (state === undefined) return false;
  const route = routeOf(span.attributes);
  if (seam.active && route !== undefined && !OWN_PAGE.test(route)) noteRoute(route, parent, state.request);
  return true;
}

/**
 * What Next throws to itself (redirect(), notFound(), the search for a page of the application's for an error), and what
 * stands for an error that this request was seen to fail of.
 */
export function isNextSignal(thrown: unknown, request: RequestState): boolean {
  const digest = peek(thrown, 'digest');
  if (typeof digest !== 'string') return peek(thrown, 'name') === 'PageNotFoundError';
  return SIGNAL.test(digest) || isStandIn(thrown, digest, request);
}

/**
 * React's client in the server makes such an error of the digest of a server component's, in production builds; Next records
 * both, before 16. Of a string that a component threw there is nothing else.
 */
function isStandIn(thrown: unknown, digest: string, request: RequestState): boolean {
  // After the @ the code of an error of Next's own.
  const [known = ''] = digest.split('@');
  const seen = digests.get(request);
  if (OBSCURED.test(String(peek(thrown, 'message')))) return seen?.has(known) ?? false;
  if (seen === undefined) digests.set(request, new Set([known]));
  else if (seen.size < MOST_DIGESTS) seen.add(known);
  return false;
}

/** Of API routes in `pages` only the words tell. */
function routeOf(attributes: Attributes): string | undefined {
  const route = attributes['next.route'] ?? API_ROUTE.exec(String(attributes['next.span_name']))?.[1];
  return route === undefined ? undefined : String(route);
}

function noteRoute(route: string, context: Context, request: RequestState): void {
  if (routed.has(request)) return;
  routed.add(request);
  const rpc = getRPCMetadata(context) ?? request.rpc;
  if (rpc === undefined) request.rpc = { type: RPCType.HTTP, span: request.span, route };
  else if (rpc.type === RPCType.HTTP) rpc.route = route;
}
