// Spans in, facts out. At the start of a span: its place in the request. At its end: slow-span warnings, calls, durations, and
// the amendment that gives the rows of a request their status and latency. What it failed of is span-errors.ts.

import type { Context } from '@opentelemetry/api';
import { context, type Histogram, type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { completeOldSpans, isOldSpan } from '../otel/old-line.ts';
import { attachState, type SpanState, stateOf } from '../otel/request-state.ts';
import { copyCustom, INSTRUMENTATION, readIdentity } from '../record/attributes.ts';
import { CallSampler, type CallSampling } from '../record/calls.ts';
import type { AmendFact, Operation } from '../record/fact.ts';
import { httpStatus, isHandshake, methodOf, operationOfSpan } from '../record/operation.ts';
import { operationKey } from '../record/operation-bound.ts';
import { cleanId } from '../record/scrub/clean.ts';
import { type Crumb, leaveCrumb } from './breadcrumbs.ts';
import { callFact } from './calls.ts';
import { cleanNameOf } from './clean-name.ts';
import type { Exemplars } from './exemplars.ts';
import { isNextSpan, joinRequest } from './frameworks/next.ts';
import { isSveltekitSpan, joinSveltekitRequest } from './frameworks/sveltekit.ts';
import { unixMillis } from './hr-time.ts';
import type { OnResource } from './on-resource.ts';
import { hookOwnAborts } from './own-aborts.ts';
import { wrapRecordException } from './record-exception.ts';
import { type SlowSpanOptions, SlowSpans } from './slow/slow-spans.ts';
import { type SpanErrorOptions, SpanErrors } from './span-errors.ts';
import { shapeOf } from './span-shape.ts';
import type { FactWriter } from './writer.ts';

export interface SpanProcessorOptions extends SlowSpanOptions, SpanErrorOptions {
  writer: FactWriter;
  sampling: CallSampling;
  /** Where durations of the programmer's own spans go; absent where there is no meter. */
  spanDuration?: () => Histogram | undefined;
  /** Hears of each span whose it is. */
  onResource?: OnResource | undefined;
  /** Hears that the SDK is older than those that Rowtrace is made for. */
  onOldLine?: (() => void) | undefined;
  /** Traces to look at for a latency. */
  exemplars?: Exemplars;
}

type SdkSpan = Span & ReadableSpan;

export class RowtraceSpanProcessor implements SpanProcessor {
  readonly #options: SpanProcessorOptions;
  readonly #onException = (span: SdkSpan, exception: unknown): void => {
    this.#guard(() => {
      if (!this.#stopped && !isTracingSuppressed(context.active())) this.#errors.recorded(span, exception);
    });
  };
  readonly #errors: SpanErrors;
  readonly #slow: SlowSpans;
  readonly #sampler: CallSampler;
  #stopped = false;

  constructor(options: SpanProcessorOptions) {
    this.#options = options;
    this.#guard(hookOwnAborts);
    this.#errors = new SpanErrors(options);
    this.#sampler = new CallSampler(options.sampling);
    this.#slow = new SlowSpans(options, (span, state) => this.#errors.carrier(span, state, 'WARNING'));
  }

  onStart(span: Span, parentContext: Context): void {
    if (this.#stopped) return;
    this.#guard(() => {
      if (isTracingSuppressed(context.active())) return;
      const sdkSpan = span as SdkSpan;
      if (isOldSpan(sdkSpan)) {
        completeOldSpans(sdkSpan);
        this.#options.onOldLine?.();
      }
      this.#options.onResource?.(sdkSpan.resource);
      wrapRecordException(span);
      if (isNextSpan(sdkSpan) && joinRequest(sdkSpan, parentContext)) return;
      if (isSveltekitSpan(sdkSpan) && joinSveltekitRequest(sdkSpan, parentContext)) return;
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
      this.#errors.ended(span, state, operation);
      const slow = this.#slow.ended(span, state, operation, millis);
      this.#call(span, state, operation, slow);
      if (operation.kind !== 'db' || !state.databaseBelow) this.#measure(span, operation, millis);
      if (operation.kind === 'db' && state.parent !== undefined) state.parent.databaseBelow = true;
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
      method: methodOf(span.attributes),
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

function crumbOf(span: ReadableSpan, operation: Operation, millis: number): Crumb {
  const crumb: Crumb = { t: unixMillis(span.endTime), what: operation, millis };
  if (span.status.code === SpanStatusCode.ERROR) crumb.failed = true;
  return crumb;
}

/** Scopes whose calls have metrics of their own, and whose inner spans are no operations. */
const MEASURED = new RegExp(`${INSTRUMENTATION.source}|^rowtrace/`);

const MEASURED_DATABASE = /^@opentelemetry\/instrumentation-(pg|oracledb)$/;

/**
 * Attributes of a duration that we measure since nobody else does: the programmer's own spans, calls of databases whose
 * instrumentation keeps no `db.client.operation.duration` (those of pg and oracledb do), messages, and requests served that are none of HTTP.
 */
function measuredAs(span: ReadableSpan, operation: Operation): Record<string, string> | undefined {
  const { kind, name, method, peer } = operation;
  const scope = span.instrumentationScope.name;
  const isLeftOut = kind === 'messaging' || (kind === 'server' && method === undefined);
  if (kind === 'db' ? MEASURED_DATABASE.test(scope) : !isLeftOut && MEASURED.test(scope)) return undefined;
  const attributes: Record<string, string> = { 'span.name': name };
  if (kind !== 'internal') attributes['span.operation'] = kind;
  if (method !== undefined) attributes['http.request.method'] = method;
  if (peer !== undefined) attributes['span.peer'] = peer;
  return attributes;
}
