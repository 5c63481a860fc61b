// What capture knows of a span and of the request (local root) it belongs to. Kept on the span object itself under a
// symbol: one property write a span, found again from any context without a map that could leak.

import { type Context, type Span, trace } from '@opentelemetry/api';
import { getRPCMetadata, type RPCMetadata, RPCType } from '@opentelemetry/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { RequestFacts, RowRef } from '../record/fact.ts';
import type { Level } from '../record/level.ts';
import { methodOf } from '../record/operation.ts';
import type { OpenSpan } from './open-spans.ts';

// Registered globally, so that an ESM and a CommonJS copy of this file understand one another.
const STATE = Symbol.for('rowtrace.span-state');

/** Rows that wait for the status of their request; more than this in one request get none. */
const MAX_ROWS = 200;
const MAX_CARRIED = 32;
/** As many as a span keeps events. */
const MAX_TEXTS = 128;

/** Where occurrences are counted that have no row of their own. */
export interface Tally {
  /** Grows with each count that is written down: what is in it cannot be taken back. */
  readonly round: number;
  takeBack(round: number, route: string | undefined): boolean;
  raise(level: Level): void;
}

/** An exception already captured that a later, richer carrier may turn out to be the same as. */
export interface Carried {
  /** Its row; absent where it was only counted. */
  row?: RowRef;
  counted?: { in: Tally; round: number; route: string | undefined };
  /** Unix milliseconds. */
  time: number;
  level: Level;
  /** What a client told in its own words: the error itself, which has that stack, may come after it. */
  ofClient?: boolean;
  /** The carrier had the value thrown. */
  byObject: boolean;
  /** That value, where it may be merged; weakly, since errors drag requests, responses and sockets along. */
  thrown?: WeakRef<object>;
  message: string;
  /** Carried by a span only: no words of the programmer's own get lost when it is merged into a wrapper. */
  mergeable: boolean;
  stack?: string;
  /** No request had it: the first that it turns up in has it for its own. */
  alone?: boolean;
  /** It was recorded below a root that is no request's, which may have been inside of one all the same (`root: true`). */
  detached?: boolean;
}

/** One local root: the server span of a request, or whatever span has no parent in this process. */
export class RequestState {
  readonly span: Span & ReadableSpan;
  requestId?: string;
  sessionId?: string;
  userId?: string;
  tags?: Record<string, unknown>;
  /** Where frameworks put the route they matched, long before the span has it. */
  rpc?: RPCMetadata;
  /** The last spans and log records; see capture/breadcrumbs.ts. */
  crumbs?: unknown[];
  /** Its answer is a stream of events: open for as long as somebody listens. */
  streams = false;
  /** Rows to amend when the request ends. */
  readonly rows: RowRef[] = [];
  readonly carried: Carried[] = [];
  /** Errors with the status of a fault of the client's: the answer will say whether it was. */
  undecided: Set<Carried> | undefined;
  /** What other services answered it, of 4xx: an error with such a status need not be the client's fault. */
  refusals: Set<number> | undefined;
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

  answered(status: number): void {
    if (status < 400 || status >= 500) return;
    this.refusals ??= new Set();
    this.refusals.add(status);
  }

  remember(carried: Carried): void {
    remember(this.carried, carried);
  }

  leaveUndecided(carried: Carried): void {
    this.undecided ??= new Set();
    if (this.undecided.size < MAX_ROWS) this.undecided.add(carried);
  }
}

export function remember(list: Carried[], carried: Carried): void {
  // The Error may live on, and what is known of it: without its text, which nobody compares any more.
  if (list.length >= MAX_CARRIED) list.shift()!.stack = undefined;
  list.push(carried);
}

export type OnException = (span: Span & ReadableSpan, exception: unknown) => void;

export class SpanState {
  /** The span it was made for; spans that joinState() was called for share it. */
  readonly span: object;
  readonly request: RequestState;
  /** The nearest span above it that was open when either was last looked at: those that have ended are let go. */
  parent: SpanState | undefined;
  /** A query below it was slow, and is a row; there was one at all: a span of a query itself is a layer around that one. */
  slowBelow = false;
  databaseBelow = false;
  /** An exception was seen on this span or below it: its ERROR status needs no row of its own. */
  failed = false;
  /** Events that recordException made, so that onEnd handles only exceptions added by hand. Weakly: a span drops the oldest
   *  of many, and may live as long as the process. */
  #events: WeakSet<object> | undefined;
  /** Thrown texts (no object to know them by) recorded on this span, that wait for its end. */
  texts: string[] | undefined;

  /** Until the span has ended, where it is watched. */
  open: OpenSpan<SpanState> | undefined;
  ended = false;

  /** Told of exceptions recorded on the span; never throws. */
  readonly onException: OnException;

  constructor(span: object, request: RequestState, parent: SpanState | undefined, onException: OnException) {
    this.span = span;
    this.request = request;
    this.parent = parent;
    this.onException = onException;
  }

  addEvent(event: object | undefined): void {
    if (event === undefined) return;
    this.#events ??= new WeakSet();
    this.#events.add(event);
  }

  hasEvent(event: object): boolean {
    return this.#events?.has(event) ?? false;
  }

  /** @returns false where too many wait already */
  addText(text: string): boolean {
    this.texts ??= [];
    return this.texts.length < MAX_TEXTS && this.texts.push(text) > 0;
  }

  /**
   * Its span has ended, and what begins below it from now on is below the one above. A loop in a request that stays open (a
   * stream, a socket) begins each turn inside the span of the one before: the chain would hold every span there was.
   */
  end(): void {
    this.ended = true;
    this.parent = nearestOpen(this.parent);
  }

  markFailed(): void {
    for (let state: SpanState | undefined = this; state && !state.failed; state = state.parent) state.failed = true;
  }
}

function nearestOpen(state: SpanState | undefined): SpanState | undefined {
  let open = state;
  // Few steps: whatever ended points to one that was open then.
  while (open?.ended) open = open.parent;
  return open;
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
  const above = request === parent?.request ? nearestOpen(parent) : undefined;
  const state = new SpanState(span, request, above, onException);
  (span as unknown as Stateful)[STATE] = state;
  return state;
}

/**
 * Makes a span part of the one above it, whose state it shares: what is recorded on it, and what runs below it, is that
 * one's. @returns nothing where there is none above, or its request is over
 */
export function joinState(span: Span, parentContext: Context): SpanState | undefined {
  const above = stateOf(trace.getSpan(parentContext));
  if (above === undefined || above.request.ended) return undefined;
  (span as unknown as Stateful)[STATE] = above;
  return above;
}

/** The fields a row made now, in `context`, takes from its request. */
export function requestFacts(context: Context, state: SpanState | undefined): RequestFacts {
  if (state === undefined) return {};
  const { request } = state;
  return {
    route: routeOf(context, state),
    method: methodOf(request.span.attributes),
    requestId: request.requestId,
    sessionId: request.sessionId,
    userId: request.userId,
  };
}

/** http.route is on the span only at its end; frameworks put it into the RPC metadata when they have matched it. */
export function routeOf(context: Context, { request }: SpanState): string | undefined {
  const rpc = getRPCMetadata(context) ?? request.rpc;
  const matched = rpc?.type === RPCType.HTTP ? rpc.route : undefined;
  return (matched ?? (request.span.attributes['http.route'] as string | undefined)) || undefined;
}
