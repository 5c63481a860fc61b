// What capture knows of a span and of the request (local root) it belongs to. Kept on the span object itself under a
// symbol: one property write a span, found again from any context without a map that could leak.

import { type Context, type Span, trace } from '@opentelemetry/api';
import { getRPCMetadata, RPCType } from '@opentelemetry/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { RequestFacts, RowRef } from '../record/fact.ts';
import type { Level } from '../record/level.ts';

// Registered globally, so that an ESM and a CommonJS copy of this file understand one another.
const STATE = Symbol.for('rowtrace.span-state');

/** Rows that wait for the status of their request; more than this in one request get none. */
const MAX_ROWS = 200;
const MAX_CARRIED = 32;

/** An exception already journaled that a later, richer carrier may turn out to be the same as. */
export interface Carried {
  row: RowRef;
  level: Level;
  /** The value thrown, where the carrier had it; weakly, since errors drag requests, responses and sockets along. */
  thrown?: WeakRef<object>;
  message: string;
  /** Carried by a span only: no words of the programmer's own get lost when it is merged into a wrapper. */
  mergeable: boolean;
  stack?: string;
}

/** One local root: the server span of a request, or whatever span has no parent in this process. */
export class RequestState {
  readonly span: Span & ReadableSpan;
  requestId?: string;
  sessionId?: string;
  userId?: string;
  tags?: Record<string, unknown>;
  /** Rows to amend when the request ends. */
  readonly rows: RowRef[] = [];
  readonly carried: Carried[] = [];
  ended = false;
  /** Set at the end of a request: rows that come after it are not amended any more. */
  outcome?: { status: number | undefined; latency: number };

  /** @param origin a request that is over, whose work goes on in `span`: its identity stays */
  constructor(span: Span & ReadableSpan, origin?: RequestState) {
    this.span = span;
    if (origin === undefined) return;
    if (origin.requestId !== undefined) this.requestId = origin.requestId;
    if (origin.sessionId !== undefined) this.sessionId = origin.sessionId;
    if (origin.userId !== undefined) this.userId = origin.userId;
  }

  addRow(row: RowRef): boolean {
    if (this.rows.length >= MAX_ROWS) return false;
    this.rows.push(row);
    return true;
  }

  remember(carried: Carried): void {
    remember(this.carried, carried);
  }
}

export function remember(list: Carried[], carried: Carried): void {
  if (list.length >= MAX_CARRIED) list.shift();
  list.push(carried);
}

export type OnException = (span: Span & ReadableSpan, exception: unknown) => void;

export class SpanState {
  readonly request: RequestState;
  readonly parent: SpanState | undefined;
  /** An exception was seen on this span or below it: its ERROR status needs no row of its own. */
  failed = false;
  /** Events that recordException made, so that onEnd handles only exceptions added by hand. */
  #events: object[] | undefined;
  /** Thrown texts (no object to know them by) recorded on this span. */
  texts: string[] | undefined;

  /** Told of exceptions recorded on the span; never throws. */
  readonly onException: OnException;

  constructor(request: RequestState, parent: SpanState | undefined, onException: OnException) {
    this.request = request;
    this.parent = parent;
    this.onException = onException;
  }

  addEvent(event: object | undefined): void {
    if (event === undefined) return;
    if (this.#events === undefined) this.#events = [event];
    else this.#events.push(event);
  }

  hasEvent(event: object): boolean {
    return this.#events?.includes(event) ?? false;
  }

  markFailed(): void {
    for (let state: SpanState | undefined = this; state && !state.failed; state = state.parent) state.failed = true;
  }
}

type Stateful = { [STATE]?: SpanState };

export function stateOf(span: unknown): SpanState | undefined {
  return (span as Stateful | undefined)?.[STATE];
}

export function stateOfContext(context: Context): SpanState | undefined {
  return stateOf(trace.getSpan(context));
}

/**
 * Called at the start of a span. A remote parent has no state here: the span is a local root. Where two of our processors
 * are registered, the first to see a span has it.
 */
export function attachState(span: Span & ReadableSpan, parentContext: Context, onException: OnException): SpanState {
  const known = stateOf(span);
  if (known !== undefined) return known;
  const parent = stateOf(trace.getSpan(parentContext));
  const request = parent && !parent.request.ended ? parent.request : new RequestState(span, parent?.request);
  const state = new SpanState(request, request === parent?.request ? parent : undefined, onException);
  (span as unknown as Stateful)[STATE] = state;
  return state;
}

/** The fields a row made now, in `context`, takes from its request. */
export function requestFacts(context: Context, state: SpanState | undefined): RequestFacts {
  if (state === undefined) return {};
  const { request } = state;
  const attributes = request.span.attributes;
  const rpc = getRPCMetadata(context);
  // http.route is on the span only at its end; frameworks put it into the RPC metadata when they have matched it.
  const route =
    (rpc?.type === RPCType.HTTP ? rpc.route : undefined) ?? (attributes['http.route'] as string | undefined);
  return {
    route: route || undefined,
    method: attributes['http.request.method'] as string | undefined,
    requestId: request.requestId,
    sessionId: request.sessionId,
    userId: request.userId,
  };
}
