// Spans in, facts out. At the start of a span: its place in the request. While it runs: exceptions, caught with the Error
// object at hand. At its end: exceptions added as events, failures without one, slow-span warnings, calls, and the
// amendment that gives the rows of a request their status and latency.

import type { Context } from '@opentelemetry/api';
import { context, type Histogram, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { attachState, type SpanState, stateOf } from '../otel/request-state.ts';
import type { AmendFact, ErrorFact, Operation } from '../record/fact.ts';
import type { Level } from '../record/level.ts';
import type { Scrubber } from '../record/scrub/scrubber.ts';
import { peek } from '../record/thrown.ts';
import { copyCustom, readIdentity } from './attributes.ts';
import { type CallSampling, callFact, callWeight } from './calls.ts';
import { clean } from './error-fact.ts';
import { unixMillis } from './hr-time.ts';
import { httpStatus, operationOfSpan } from './operation.ts';
import { wrapRecordException } from './record-exception.ts';
import { type SlowLimits, slowLimit } from './slow.ts';
import type { Carrier, OccurrenceTracker } from './tracker.ts';
import type { FactWriter } from './writer.ts';

export interface SpanProcessorOptions extends SlowLimits {
  tracker: OccurrenceTracker;
  writer: FactWriter;
  scrubber: Scrubber;
  /** Lowest HTTP status that makes a row of its own. */
  statusRows: number;
  sampling: CallSampling;
  /** Where durations of the programmer's own spans go; absent where there is no meter. */
  spanDuration?: () => Histogram | undefined;
}

type SdkSpan = Span & ReadableSpan;

/** Spans made by instrumentations have metrics of their own. */
const INSTRUMENTATION = /^@[\w-]+\/(instrumentation|otel)|^@opentelemetry\//;

/** Attributes of a call that repeat its URL or say nothing of what was called. */
const TRANSPORT = /^(network\.|http\.request\.method|url\.(scheme|path|query)|user_agent\.|error\.type|net\.)/;

export class RowtraceSpanProcessor implements SpanProcessor {
  readonly #options: SpanProcessorOptions;
  readonly #onException = (span: SdkSpan, exception: unknown): void => {
    this.#guard(() => this.#recorded(span, exception));
  };
  #stopped = false;

  constructor(options: SpanProcessorOptions) {
    this.#options = options;
  }

  onStart(span: Span, parentContext: Context): void {
    this.#guard(() => {
      const sdkSpan = span as SdkSpan;
      wrapRecordException(span);
      const state = attachState(sdkSpan, parentContext, this.#onException);
      if (state.request.span !== sdkSpan) return;
      const requestId = sdkSpan.attributes['request.id'];
      if (requestId !== undefined) state.request.requestId = String(requestId);
    });
  }

  onEnd(span: ReadableSpan): void {
    if (this.#stopped) return;
    this.#guard(() => {
      const state = stateOf(span);
      if (state?.onException !== this.#onException) return;
      readIdentity(span.attributes, state.request);
      const operation = operationOfSpan(span);
      const millis = unixMillis(span.duration);
      this.#exceptionEvents(span, state, operation);
      this.#failure(span, state, operation);
      const slow = this.#slow(span, state, operation, millis);
      this.#call(span, state, operation, slow);
      this.#measure(span, operation, millis);
      if (state.request.span === span) this.#endRequest(span, state, millis);
    });
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {
    this.#stopped = true;
  }

  #recorded(span: SdkSpan, exception: unknown): void {
    const state = stateOf(span);
    if (this.#stopped || state === undefined || !span.isRecording()) return;
    // A client's text without an object is often a mask for the true one, which comes with the span's status: see onEnd.
    if (isOutgoing(span) && typeof exception === 'string') {
      state.texts = [...(state.texts ?? []), exception];
      return;
    }
    this.#options.tracker.thrown(exception, this.#carrier(span, state, levelOfThrown(exception)));
  }

  #carrier(span: ReadableSpan, state: SpanState, level: Level): Carrier {
    const active = context.active();
    const own = trace.setSpan(active, span as SdkSpan);
    return {
      context: own,
      state,
      level,
      bySpan: true,
      provisional: isOutgoing(span),
      module: span.instrumentationScope.name,
      fn: functionName(span),
      tags: outgoingTags(span),
    };
  }

  /** Exceptions added as events by hand, and texts that waited for the status of their span. */
  #exceptionEvents(span: ReadableSpan, state: SpanState, operation: Operation): void {
    if (state.texts !== undefined) {
      for (const text of state.texts) {
        const message = span.status.message ?? text;
        const error: ErrorFact = { type: 'Error', message: clean(message, this.#options.scrubber) };
        const code =
          span.attributes['error.type'] ??
          span.attributes['db.response.status_code'] ??
          /\(code: (\w+)\)/.exec(text)?.[1];
        if (code !== undefined) error.code = String(code);
        if (operation.kind === 'db') error.type = 'DatabaseError';
        this.#options.tracker.described(error, this.#carrier(span, state, 'ERROR'));
      }
    }
    for (const event of span.events) {
      if (event.name !== 'exception' || state.hasEvent(event)) continue;
      const attributes = event.attributes ?? {};
      const error = errorOfAttributes(attributes, this.#options.scrubber);
      if (error !== undefined) this.#options.tracker.described(error, this.#carrier(span, state, 'ERROR'));
    }
  }

  /** A span that ended with ERROR status and told no exception. */
  #failure(span: ReadableSpan, state: SpanState, operation: Operation): void {
    const status = httpStatus(span.attributes);
    const failed =
      status === undefined ? span.status.code === SpanStatusCode.ERROR : status >= this.#options.statusRows;
    if (!failed || state.failed) return;
    const what = [operation.method, operation.name === 'http' ? operation.peer : operation.name]
      .filter(Boolean)
      .join(' ');
    const body = span.status.message ?? (status === undefined ? `${what} failed` : `${what} answered ${status}`);
    const root = state.request.span === span;
    state.markFailed();
    // What another service answered is for the caller to handle (semantic conventions give it WARN, too).
    const answered = isOutgoing(span) && status !== undefined;
    this.#options.tracker.plain({
      ...this.#carrier(span, state, answered ? 'WARNING' : 'ERROR'),
      provisional: false,
      body,
      template: span.status.message === undefined ? body : undefined,
      ...(root && status !== undefined ? { status, latency: Math.round(unixMillis(span.duration)) } : {}),
      time: unixMillis(span.endTime),
    });
  }

  #slow(span: ReadableSpan, state: SpanState, operation: Operation, millis: number): boolean {
    const own = Number(span.attributes['rowtrace.slow_millis'] ?? Number.NaN);
    const limit = own > 0 ? own : slowLimit(operation, this.#options);
    if (limit === undefined || millis < limit) return false;
    const what = [operation.method, operation.name, operation.peer].filter(Boolean).join(' ');
    const rounded = Math.round(millis);
    this.#options.tracker.plain({
      ...this.#carrier(span, state, 'WARNING'),
      provisional: false,
      body: `Slow ${operation.kind} span ${what}: ${rounded} ms (limit ${limit} ms)`,
      template: `Slow ${operation.kind} span ${what}`,
      time: unixMillis(span.endTime),
      latency: state.request.span === span ? rounded : undefined,
      tags: { ...outgoingTags(span), 'rowtrace.slow.duration_ms': rounded, 'rowtrace.slow.limit_ms': limit },
    });
    return true;
  }

  #call(span: ReadableSpan, state: SpanState, operation: Operation, slow: boolean): void {
    const http = operation.method !== undefined && (operation.kind === 'server' || operation.kind === 'client');
    if (!http && span.attributes['rowtrace.call'] !== true) return;
    const failed = span.status.code === SpanStatusCode.ERROR;
    const weight = callWeight(slow || failed, this.#options.sampling);
    if (weight === 0) return;
    const { tracker, writer, scrubber } = this.#options;
    writer.append(callFact(span, operation, state.request, weight, scrubber, (userId) => tracker.hashUser(userId)));
  }

  #measure(span: ReadableSpan, operation: Operation, millis: number): void {
    if (operation.kind !== 'internal' || INSTRUMENTATION.test(span.instrumentationScope.name)) return;
    const attributes: Record<string, string> = { 'span.name': span.name };
    if (span.status.code === SpanStatusCode.ERROR) attributes['error.type'] = '_OTHER';
    this.#options.spanDuration?.()?.record(millis / 1000, attributes);
  }

  #endRequest(span: ReadableSpan, state: SpanState, millis: number): void {
    const { request } = state;
    request.ended = true;
    const status = httpStatus(span.attributes);
    const isRequest = span.kind === SpanKind.SERVER || status !== undefined;
    // For rows of what goes on after the answer.
    if (isRequest) request.outcome = { status, latency: Math.round(millis) };
    if (request.rows.length === 0) return;
    const tags: Record<string, unknown> = {};
    copyCustom(span.attributes, tags);
    const fact: AmendFact = {
      k: 'amend',
      rows: request.rows,
      route: span.attributes['http.route'] as string | undefined,
      method: span.attributes['http.request.method'] as string | undefined,
      ...request.outcome,
      sessionId: request.sessionId,
      userId: this.#options.tracker.hashUser(request.userId),
      tags: Object.keys(tags).length > 0 ? this.#options.scrubber.tags(tags) : undefined,
      final: true,
    };
    this.#options.writer.append(fact);
  }

  /** Nothing of ours may reach the host: what fails is counted. */
  #guard(work: () => void): void {
    try {
      if (!isTracingSuppressed(context.active())) work();
    } catch {
      this.#options.tracker.failed('internal_error');
    }
  }
}

function isOutgoing(span: ReadableSpan): boolean {
  return span.kind === SpanKind.CLIENT || span.kind === SpanKind.PRODUCER;
}

/** A failed call's own attributes tell what was called (url.full, db.query.text, server.address …). */
function outgoingTags(span: ReadableSpan): Record<string, unknown> | undefined {
  if (!isOutgoing(span)) return undefined;
  return Object.fromEntries(Object.entries(span.attributes).filter(([key]) => !TRANSPORT.test(key)));
}

function functionName(span: ReadableSpan): string | undefined {
  const name = span.attributes['code.function.name'] ?? span.attributes['code.function'];
  if (name !== undefined) return String(name);
  return span.kind === SpanKind.INTERNAL && !INSTRUMENTATION.test(span.instrumentationScope.name)
    ? span.name
    : undefined;
}

/** Frameworks give errors that are the client's fault a status (`http-errors`): worth a row, not an alarm. */
function levelOfThrown(exception: unknown): Level {
  const status = Number(peek(exception, 'statusCode') ?? peek(exception, 'status') ?? 0);
  return status >= 400 && status < 500 ? 'WARNING' : 'ERROR';
}

/** `exception.*` attributes of an event or of a log record as an error; nothing where there are none. */
export function errorOfAttributes(attributes: Record<string, unknown>, scrubber: Scrubber): ErrorFact | undefined {
  const type = attributes['exception.type'];
  const message = attributes['exception.message'];
  if (type === undefined && message === undefined) return undefined;
  const fact: ErrorFact = {
    type: String(type ?? 'Error'),
    message: clean(String(message ?? type), scrubber),
  };
  const stack = attributes['exception.stacktrace'];
  if (stack !== undefined) fact.stack = clean(String(stack), scrubber, 65_536);
  return fact;
}
