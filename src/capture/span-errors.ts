// What a span failed of: exceptions as they are recorded, with the Error object at hand; at its end exceptions that were added
// as events, and failures without one. Spans in, occurrences out.

import { context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { type SpanState, stateOf } from '../otel/request-state.ts';
import { calledTags, INSTRUMENTATION } from '../record/attributes.ts';
import { errorOfAttributes } from '../record/error-of-attributes.ts';
import type { ErrorFact, Operation } from '../record/fact.ts';
import type { Level } from '../record/level.ts';
import { failureWords, httpStatus, isHandshake } from '../record/operation.ts';
import { clean } from '../record/scrub/clean.ts';
import type { Scrubber } from '../record/scrub/scrubber.ts';
import { isClientFault, peek } from '../record/thrown.ts';
import type { Carrier } from './carrier.ts';
import { cleanNameOf } from './clean-name.ts';
import { isNextSignal, isNextSpan } from './frameworks/next.ts';
import { isCopying } from './frameworks/sveltekit.ts';
import { inWordsOfGraphql, isOfDocument, tagsOfField } from './graphql-spans.ts';
import { unixMillis } from './hr-time.ts';
import { isOwnAbort } from './own-aborts.ts';
import type { OccurrenceTracker } from './tracker.ts';

export interface SpanErrorOptions {
  tracker: OccurrenceTracker;
  scrubber: Scrubber;
  /** Lowest HTTP status that makes a row of its own. */
  statusRows: number;
}

type SdkSpan = Span & ReadableSpan;

export class SpanErrors {
  readonly #options: SpanErrorOptions;

  constructor(options: SpanErrorOptions) {
    this.#options = options;
  }

  /** While it runs: an exception, with the Error object at hand. */
  recorded(span: SdkSpan, exception: unknown): void {
    const state = stateOf(span);
    if (state === undefined || !span.isRecording() || isHandshake(span.attributes)) return;
    if (isNextSpan(span) && isNextSignal(exception, state.request)) return;
    if (isCopying(span)) return;
    const outgoing = isOutgoing(span);
    if (outgoing && isOwnAbort(exception)) {
      // Nothing failed above it either; its status, ERROR all the same, is no row.
      state.failed = true;
      return;
    }
    // A client's text without an object is often a mask for the true one, which comes with the span's status: see onEnd.
    if (outgoing && typeof exception === 'string' && state.addText(exception)) return;
    const words = inWordsOfGraphql(span, exception);
    // The answer of another service that went on as an error has a status, too: only a request can have a client at fault,
    // and the answer says whether it had. What `expose` (http-errors) means for the client needs no such question.
    const isFault = isClientFault(exception) || isOfDocument(span);
    const quiet = isFault && (outgoing || state.request.span.kind === SpanKind.SERVER);
    const carrier = this.carrier(span, state, quiet ? 'WARNING' : 'ERROR');
    if (quiet && !outgoing && peek(exception, 'expose') !== true) carrier.undecided = true;
    if (words === undefined) this.#options.tracker.thrown(exception, carrier);
    else
      this.#options.tracker.described({ type: 'GraphQLError', message: clean(words, this.#options.scrubber) }, carrier);
  }

  /** At its end: exceptions that were added as events, and a failure without one. */
  ended(span: ReadableSpan, state: SpanState, operation: Operation): void {
    this.#exceptionEvents(span, state, operation);
    this.#failure(span, state, operation);
  }

  carrier(span: ReadableSpan, state: SpanState, level: Level): Carrier {
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
      tags: outgoingTags(span) ?? tagsOfField(span, state),
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
        this.#options.tracker.described(error, this.carrier(span, state, 'ERROR'));
      }
    }
    for (const event of span.events) {
      if (event.name !== 'exception' || state.hasEvent(event)) continue;
      const attributes = event.attributes ?? {};
      const error = errorOfAttributes(attributes, this.#options.scrubber);
      if (error !== undefined) this.#options.tracker.described(error, this.carrier(span, state, 'ERROR'));
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
      ...this.carrier(span, state, answered ? 'WARNING' : 'ERROR'),
      provisional: false,
      body,
      template: span.status.message === undefined ? body : undefined,
      ...(root && status !== undefined ? { status, latency: Math.round(unixMillis(span.duration)) } : {}),
      time: unixMillis(span.endTime),
    });
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

function outgoingTags(span: ReadableSpan): Record<string, unknown> | undefined {
  return isOutgoing(span) ? calledTags(span.attributes) : undefined;
}

function functionName(span: ReadableSpan): string | undefined {
  const name = span.attributes['code.function.name'] ?? span.attributes['code.function'];
  if (name !== undefined) return String(name);
  return span.kind === SpanKind.INTERNAL && !INSTRUMENTATION.test(span.instrumentationScope.name)
    ? span.name
    : undefined;
}
