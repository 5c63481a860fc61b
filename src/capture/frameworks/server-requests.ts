// Requests of HTTP servers (node:http, node:http2): for each one SERVER span, one duration, a request id, and the context
// that its handler and all events of its request and response run in. What the instrumentation for http does, for less:
// no wrapper on each emitter and listener, no URL parsed, one pass over the attributes (bench/express.ts).

import { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Attributes,
  type Context,
  context,
  type Histogram,
  metrics,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { getRPCMetadata, type RPCMetadata, RPCType, setRPCMetadata } from '@opentelemetry/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { stateOf } from '../../otel/request-state.ts';
import { peek } from '../../record/thrown.ts';
import { requestIdOf } from '../request-id.ts';
import { answerWithId, type IdCarrier } from '../response-head.ts';
import { CLIENT, Client } from './hang-up.ts';
import { patchMethod } from './module-hook.ts';
import { ASKED, type Serving, served } from './served-context.ts';
import { type ServerMessage, serverAttributes } from './server-attributes.ts';

/** As the instrumentation advises; our own reader keeps exponential histograms whatever is advised. */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Whoever registers this one beside us has a span for the request already. */
const OTHER = '@opentelemetry/instrumentation-http';

/** For an answer to a request that failed; rows wait as long for the end of their request (deliver/hold.ts). */
const ANSWER_MILLIS = 5000;

interface Response extends IdCarrier {
  readonly statusCode: number;
  readonly errored?: unknown;
  readonly socket?: unknown;
}

interface Emitter {
  emit(event: string | symbol, ...values: unknown[]): boolean;
  listenerCount(event: string | symbol): number;
}

/** Noted on the request and its response from the request's arrival. */
class ServerRequest implements Serving {
  readonly context: Context;
  readonly response: Response;
  readonly #rpc: RPCMetadata;
  readonly #span: Span;
  readonly #client: Client;
  readonly #requests: ServerRequests;
  readonly #request: ServerMessage;
  readonly #method: string;
  readonly #scheme: string;
  readonly #startedAt: number;
  /** What failed before the response was closed. */
  #failure: string | undefined;
  #answerBy: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(requests: ServerRequests, request: ServerMessage, response: Response, scheme: string, id: string) {
    const outer = propagation.extract(ROOT_CONTEXT, request.headers);
    const attributes = serverAttributes(request, scheme);
    attributes['request.id'] = id;
    this.#method = attributes['http.request.method'] as string;
    const name = request.method ?? this.#method;
    this.#span = requests.tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, outer);
    this.#startedAt = performance.now();
    this.#client = new Client(request, response);
    const known = { [ASKED]: request.url ?? '/', [CLIENT]: this.#client };
    this.#rpc = { type: RPCType.HTTP, span: this.#span, ...known } as RPCMetadata;
    this.context = setRPCMetadata(trace.setSpan(outer, this.#span), this.#rpc);
    const state = stateOf(this.#span);
    if (state !== undefined) state.request.rpc = this.#rpc;
    this.#requests = requests;
    this.#request = request;
    this.response = response;
    this.#scheme = scheme;
  }

  /** The response is closed: answered whole, or its connection broke, perhaps before there was any answer. */
  closed(): void {
    if (this.#ended) return;
    const { statusCode, headersSent, errored } = this.response;
    // Given to destroy(), by pipeline() as well: Node emits no 'error' for it. A premature close is another object than the
    // one that the application gets of it: there would be two rows.
    if (errored && peek(errored, 'code') !== 'ERR_STREAM_PREMATURE_CLOSE' && !this.#client.isHangUp(errored))
      this.#note(errored as Error);
    const outcome: Attributes = headersSent ? { 'http.response.status_code': statusCode } : {};
    if (this.#failure !== undefined) outcome['error.type'] = this.#failure;
    else if (headersSent && statusCode >= 500) {
      outcome['error.type'] = String(statusCode);
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#end(outcome);
  }

  /**
   * The response failed, or the handler threw while it was called. An answer may still come (a handler of uncaught
   * exceptions says 500) or be on its way (a write after the end).
   *
   * @param handled somebody takes the error, so the process goes on
   */
  failed(error: Error, handled: boolean): void {
    if (this.#ended || this.#failure !== undefined) return;
    this.#note(error);
    // Nobody can answer without a connection, or when the process is about to end.
    if (!this.response.socket || !handled) this.closed();
    else this.#answerBy = setTimeout(() => quietly(() => this.closed()), ANSWER_MILLIS).unref();
  }

  #note(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error?.name ?? 'Error';
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message: error?.message });
    this.#span.recordException(error);
  }

  #end(outcome: Attributes): void {
    this.#ended = true;
    this.#client.ended();
    clearTimeout(this.#answerBy);
    // Before what is done at the end of a span: that is not the application's time, and not in the span's duration either.
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const route = this.#rpc.route || givenRoute(this.#span);
    if (route) {
      outcome['http.route'] = route;
      this.#span.updateName(`${this.#request.method} ${route}`);
    }
    this.#span.setAttributes(outcome);
    this.#span.end();
    outcome['http.request.method'] = this.#method;
    outcome['url.scheme'] = this.#scheme;
    outcome['network.protocol.version'] = this.#request.httpVersion;
    this.#requests.duration.record(seconds, outcome, this.context);
  }
}

/** What the application, or a framework that traces itself, put on the span. */
function givenRoute(span: Span): string | undefined {
  return (span as Span & Partial<ReadableSpan>).attributes?.['http.route'] as string | undefined;
}

/** Requests of one kind of server; made anew at each start, since tracer and meter may be others then. */
export class ServerRequests {
  readonly tracer: Tracer;
  readonly #name: string;
  readonly #idHeaders: readonly string[];
  #duration: Histogram | undefined;

  constructor(name: string, idHeaders: readonly string[]) {
    this.#name = name;
    this.#idHeaders = idHeaders;
    this.tracer = trace.getTracer(name);
  }

  /** The meter is there only once its provider is registered. */
  get duration(): Histogram {
    this.#duration ??= metrics.getMeter(this.#name).createHistogram('http.server.request.duration', {
      unit: 's',
      description: 'Duration of HTTP server requests.',
      advice: { explicitBucketBoundaries: BOUNDARIES },
    });
    return this.#duration;
  }

  /** Calls `go`, which hands the request to the application, in the context of the request. */
  serve(request: ServerMessage & Emitter, response: Response & Emitter, scheme: string, go: () => unknown): unknown {
    // A request that one server hands on to another stays one request.
    if (served.by(request) !== undefined) return go();
    let serving: ServerRequest | undefined;
    try {
      const id = requestIdOf(request, this.#idHeaders);
      answerWithId(response, this.#idHeaders[0]!, id);
      if (!isKnownToOther(id)) {
        serving = new ServerRequest(this, request, response, scheme, id);
        served.note(request, serving);
        served.note(response, serving);
      }
    } catch {
      // Served as if we were not there.
    }
    // Not inside the try: a handler that throws must not be called once more.
    if (serving === undefined) return go();
    if (isHandedOverByNode(request)) return callForNode(serving, go);
    try {
      return context.with(serving.context, go);
    } catch (error) {
      quietly(() => serving.failed(error as Error, isUncaughtHandled()));
      throw error;
    }
  }
}

/** Its handler has just thrown, to Node. */
let thrower: ServerRequest | undefined;

/**
 * Nobody catches what is thrown from here, and Node prints the place of the last `throw` as that of the error: there must be none of
 * ours. What it was Node tells.
 */
function callForNode(serving: ServerRequest, go: () => unknown): unknown {
  let hasThrown = true;
  try {
    const answer = context.with(serving.context, go);
    hasThrown = false;
    return answer;
  } finally {
    if (hasThrown) {
      thrower = serving;
      queueMicrotask(() => {
        thrower = undefined;
      });
    }
  }
}

/** An exception that nobody caught, before anything is done about it. */
export function noteUncaught(error: unknown): void {
  const serving = thrower;
  thrower = undefined;
  if (serving !== undefined) quietly(() => serving.failed(error as Error, isUncaughtHandled()));
}

/** And not by a call of `emit` in the application. */
function isHandedOverByNode(request: ServerMessage): boolean {
  const parser = peek(peek(request, 'socket'), 'parser');
  if (parser !== undefined) return peek(parser, 'incoming') === request;
  return peek(peek(request, 'stream'), 'session') !== undefined;
}

/** Events of a server that hand a request over: one with `Expect` goes to a listener of its own, where there is one. */
export function isRequest(event: unknown): boolean {
  return event === 'request' || event === 'checkContinue' || event === 'checkExpectation';
}

/**
 * Events of requests and responses are emitted by the socket, which knows nothing of the request: listeners are called in
 * its context, and the end of the response is seen. Once on a prototype, where `context.bind` would replace eight methods
 * of each emitter and wrap each listener.
 */
export function followEvents(prototype: object): void {
  patchMethod(
    prototype,
    'emit',
    (emit) =>
      function (this: Emitter, ...values: unknown[]) {
        const serving = served.by(this) as ServerRequest | undefined;
        if (serving === undefined) return emit.apply(this, values as never[]);
        const event = values[0] as string | symbol;
        if (this === (serving.response as unknown)) {
          if (event === 'close') quietly(() => serving.closed());
          else if (event === 'error')
            quietly(() => serving.failed(values[1] as Error, this.listenerCount('error') > 0 || isUncaughtHandled()));
        }
        if (this.listenerCount(event) === 0 || context.active() === serving.context)
          return emit.apply(this, values as never[]);
        return context.with(serving.context, () => emit.apply(this, values as never[]));
      },
  );
}

export function followHttpEvents(): void {
  followEvents(IncomingMessage.prototype);
  followEvents(ServerResponse.prototype);
}

function isUncaughtHandled(): boolean {
  return process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
}

/** Gives the span of an instrumentation that the application registered our id; nothing more is ours then. */
function isKnownToOther(id: string): boolean {
  const rpc = getRPCMetadata(context.active());
  const scope = (rpc?.span as { instrumentationScope?: { name: string } } | undefined)?.instrumentationScope;
  if (rpc === undefined || scope?.name !== OTHER || !rpc.span.isRecording()) return false;
  rpc.span.setAttribute('request.id', id);
  const state = stateOf(rpc.span);
  if (state !== undefined) state.request.requestId = id;
  return true;
}

/** In calls of the application's own server; a throw would end the process. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // The answer goes on as if we were not there.
  }
}
