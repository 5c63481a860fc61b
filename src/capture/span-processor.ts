// Spans in, facts out. At the start of a span: its place in the request. While it runs: exceptions, caught with the Error
// object at hand. At its end: exceptions added as events, failures without one, slow-span warnings, calls, and the
// amendment that gives the rows of a request their status and latency.

import type { Context } from '@opentelemetry/api';
import { context, type Histogram, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { attachState, type SpanState, stateOf } from '../otel/request-state.ts';
import { calledTags, copyCustom, INSTRUMENTATION, readIdentity } from '../record/attributes.ts';
import { CallSampler, type CallSampling } from '../record/calls.ts';
import { errorOfAttributes } from '../record/error-of-attributes.ts';
import type { AmendFact, ErrorFact, Operation } from '../record/fact.ts';
import type { Level } from '../record/level.ts';
import { failureWords, httpStatus, isHandshake, operationOfSpan } from '../record/operation.ts';
import { operationKey } from '../record/operation-bound.ts';
import { clean, cleanId } from '../record/scrub/clean.ts';
import type { Scrubber } from '../record/scrub/scrubber.ts';
import { isClientFault, peek } from '../record/thrown.ts';
import { type Crumb, leaveCrumb } from './breadcrumbs.ts';
import { callFact } from './calls.ts';
import type { Carrier } from './carrier.ts';
import { cleanNameOf } from './clean-name.ts';
import type { Exemplars } from './exemplars.ts';
import { isNextSignal, isNextSpan, joinRequest } from './frameworks/next.ts';
import { documentError, isOfDocument } from './graphql-document.ts';
import { unixMillis } from './hr-time.ts';
import type { OnResource } from './on-resource.ts';
import { hookOwnAborts, isOwnAbort } from './own-aborts.ts';
import { wrapRecordException } from './record-exception.ts';
import { type SlowSpanOptions, SlowSpans } from './slow/slow-spans.ts';
import { shapeOf } from './span-shape.ts';
import type { FactWriter } from './writer.ts';

export interface SpanProcessorOptions extends SlowSpanOptions {
  writer: FactWriter;
  scrubber: Scrubber;
  /** Lowest HTTP status that makes a row of its own. */
  statusRows: number;
  sampling: CallSampling;
  /** Where durations of the programmer's own spans go; absent where there is no meter. */
  spanDuration?: () => Histogram | undefined;
  /** Hears of each span whose it is. */
  onResource?: OnResource | undefined;
  /** Traces to look at for a latency. */
  exemplars?: Exemplars;
}

type SdkSpan = Span & ReadableSpan;

export class RowtraceSpanProcessor implements SpanProcessor {
  readonly #options: SpanProcessorOptions;
  readonly #onException = (span: SdkSpan, exception: unknown): void => {
    this.#guard(() => {
      if (!isTracingSuppressed(context.active())) this.#recorded(span, exception);
    });
  };
  readonly #slow: SlowSpans;
  readonly #sampler: CallSampler;
  #stopped = false;

  constructor(options: SpanProcessorOptions) {
    this.#options = options;
    this.#guard(hookOwnAborts);
    this.#sampler = new CallSampler(options.sampling);
    this.#slow = new SlowSpans(options, (span, state) => this.#carrier(span, state, 'WARNING'));
  }

  onStart(span: Span, parentContext: Context): void {
    if (this.#stopped) return;
    this.#guard(() => {
      if (isTracingSuppressed(context.active())) return;
      const sdkSpan = span as SdkSpan;
      this.#options.onResource?.(sdkSpan.resource);
      wrapRecordException(span);
      if (isNextSpan(sdkSpan) && joinRequest(sdkSpan, parentContext)) return;
      const state = attachState(sdkSpan, parentContext, this.#onException);
      if (state.onException === this.#onException) this.#slow.started(sdkSpan, state);
      if (state.request.span !== sdkSpan) return;
      const requestId = sdkSpan.attributes['request.id'];
      if (requestId !== undefined) state.request.requestId = cleanId(String(requestId), this.#options.scrubber);
    });
  }

  onEnd(span: ReadableSpan): void {
    if (this.#stopped) return;
    this.#guard(() => {
      // In a suppressed context as well: what began here ends here.
      const state = stateOf(span);
      if (state?.onException !== this.#onException || state.span !== span) return;
      state.end();
      if (isHandshake(span.attributes)) return this.#slow.forget(state);
      readIdentity(span.attributes, state.request);
      const operation = operationOfSpan(shapeOf(span));
      const millis = unixMillis(span.duration);
      this.#exceptionEvents(span, state, operation);
      this.#failure(span, state, operation);
      const slow = this.#slow.ended(span, state, operation, millis);
      this.#call(span, state, operation, slow);
      this.#measure(span, operation, millis);
      this.#options.exemplars?.note(
        operationKey(operation),
        millis / 1000,
        unixMillis(span.endTime),
        span.spanContext(),
      );
      if (state.request.span === span) this.#endRequest(span, state, millis);
      else leaveCrumb(state.request, crumbOf(span, operation, millis));
    });
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {
    this.#stopped = true;
    this.#slow.stop();
  }

  #recorded(span: SdkSpan, exception: unknown): void {
    const state = stateOf(span);
    if (this.#stopped || state === undefined || !span.isRecording() || isHandshake(span.attributes)) return;
    if (isNextSpan(span) && isNextSignal(exception)) return;
    if (isOutgoing(span) && isOwnAbort(exception)) {
      // Nothing failed above it either; its status, ERROR all the same, is no row.
      state.failed = true;
      return;
    }
    // A client's text without an object is often a mask for the true one, which comes with the span's status: see onEnd.
    if (isOutgoing(span) && typeof exception === 'string' && state.addText(exception)) return;
    const ofDocument = isOfDocument(span);
    const thrown = ofDocument ? documentError(exception) : exception;
    const outgoing = isOutgoing(span);
    // The answer of another service that went on as an error has a status, too: only a request can have a client at fault,
    // and the answer says whether it had. What `expose` (http-errors) means for the client needs no such question.
    const faulty = ofDocument || isClientFault(thrown);
    const quiet = faulty && (outgoing || state.request.span.kind === SpanKind.SERVER);
    const carrier = this.#carrier(span, state, quiet ? 'WARNING' : 'ERROR');
    if (quiet && !outgoing && peek(thrown, 'expose') !== true) carrier.undecided = true;
    this.#options.tracker.thrown(thrown, carrier);
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
    const texts = state.texts ?? textOfStatus(span, state);
    if (texts !== undefined) {
      for (const text of texts) {
        const message = span.status.message ?? text;
        const error: ErrorFact = { type: 'Error', message: clean(message, this.#options.scrubber) };
        const code =
          span.attributes['error.type'] ??
          span.attributes['db.response.status_code'] ??
          /\(code: (\w+)\)/.exec(text)?.[1];
        if (code !== undefined) error.code = cleanNameOf(code, this.#options.scrubber)!;
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
    if (status !== undefined && isOutgoing(span)) state.request.answered(status);
    const failed =
      status === undefined ? span.status.code === SpanStatusCode.ERROR : status >= this.#options.statusRows;
    if (!failed || state.failed) return;
    const body = span.status.message ?? failureWords(operation, status);
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

  #call(span: ReadableSpan, state: SpanState, operation: Operation, slow: boolean): void {
    const http = operation.method !== undefined && (operation.kind === 'server' || operation.kind === 'client');
    if (!http && span.attributes['rowtrace.call'] !== true) return;
    const failed = span.status.code === SpanStatusCode.ERROR;
    const weight = this.#sampler.weight(operationKey(operation), slow || failed, unixMillis(span.endTime));
    if (weight === 0) return;
    const { tracker, writer, scrubber } = this.#options;
    writer.append(callFact(span, operation, state.request, weight, scrubber, tracker));
  }

  #measure(span: ReadableSpan, operation: Operation, millis: number): void {
    const attributes = measuredAs(span, operation);
    if (attributes === undefined) return;
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
    const failed = status === undefined ? span.status.code === SpanStatusCode.ERROR : status >= 500;
    if (failed) this.#options.tracker.raiseUndecided(request);
    if (request.rows.length === 0) return;
    const tags: Record<string, unknown> = {};
    copyCustom(span.attributes, tags);
    const fact: AmendFact = {
      k: 'amend',
      rows: request.rows,
      route: cleanNameOf(span.attributes['http.route'], this.#options.scrubber),
      method: span.attributes['http.request.method'] as string | undefined,
      ...request.outcome,
      sessionId: this.#options.tracker.session(request.sessionId),
      userId: this.#options.tracker.hashUser(request.userId),
      tags: Object.keys(tags).length > 0 ? this.#options.scrubber.tags(tags) : undefined,
      final: true,
    };
    this.#options.writer.append(fact);
  }

  /** Nothing of ours may reach the host: what fails is counted. */
  #guard(work: () => void): void {
    try {
      work();
    } catch {
      this.#options.tracker.failed('internal_error');
    }
  }
}

/** Some clients (mysql2) tell a failure by the status of their span only: the text of what the application gets thrown. */
function textOfStatus(span: ReadableSpan, state: SpanState): string[] | undefined {
  const { code, message } = span.status;
  const told = code === SpanStatusCode.ERROR && message && !state.failed;
  return told && isOutgoing(span) && httpStatus(span.attributes) === undefined ? [message] : undefined;
}

function isOutgoing(span: ReadableSpan): boolean {
  return span.kind === SpanKind.CLIENT || span.kind === SpanKind.PRODUCER;
}

function crumbOf(span: ReadableSpan, operation: Operation, millis: number): Crumb {
  const crumb: Crumb = { t: unixMillis(span.endTime), what: operation, millis };
  if (span.status.code === SpanStatusCode.ERROR) crumb.failed = true;
  return crumb;
}

function outgoingTags(span: ReadableSpan): Record<string, unknown> | undefined {
  return isOutgoing(span) ? calledTags(span.attributes) : undefined;
}

/** Scopes whose calls have metrics of their own, and whose inner spans are no operations. */
const MEASURED = new RegExp(`${INSTRUMENTATION.source}|^rowtrace/`);

/**
 * Attributes of a duration that we measure since nobody else does: the programmer's own spans, calls of databases whose
 * instrumentation keeps no `db.client.operation.duration` (that of pg does), and messages.
 */
function measuredAs(span: ReadableSpan, operation: Operation): Record<string, string> | undefined {
  const { kind, name, method, peer } = operation;
  const scope = span.instrumentationScope.name;
  if (kind === 'db' ? scope === '@opentelemetry/instrumentation-pg' : kind !== 'messaging' && MEASURED.test(scope))
    return undefined;
  const attributes: Record<string, string> = { 'span.name': name };
  if (kind !== 'internal') attributes['span.operation'] = kind;
  if (method !== undefined) attributes['http.request.method'] = method;
  if (peer !== undefined) attributes['span.peer'] = peer;
  return attributes;
}

function functionName(span: ReadableSpan): string | undefined {
  const name = span.attributes['code.function.name'] ?? span.attributes['code.function'];
  if (name !== undefined) return String(name);
  return span.kind === SpanKind.INTERNAL && !INSTRUMENTATION.test(span.instrumentationScope.name)
    ? span.name
    : undefined;
}
