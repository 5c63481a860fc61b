// trackLatency: a span around a call, with what makes its latency, its row of http_calls and its slow-span warning.

import { type Attributes, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { stateOf } from '../otel/request-state.ts';
import { readable } from '../record/limits.ts';
import { copied } from './emit.ts';
import { finish } from './finish.ts';

export interface TrackLatencyOptions {
  /** The other side, "payments.example"; makes the span a client's. */
  peer?: string | undefined;
  /** Pattern of what is called, "/charges/:id". */
  route?: string | undefined;
  method?: string | undefined;
  /** From this many milliseconds on the call is a WARNING row; default: the limits of the options. */
  slowMillis?: number | undefined;
  attributes?: Record<string, unknown> | undefined;
}

export interface Tracked {
  span: Span;
  /** Of the request this runs in, to be handed on to the other side. */
  requestId: string | undefined;
}

/**
 * Measures `work` and gives back what it returns or throws, promises included.
 *
 * ```ts
 * const charge = await trackLatency('charge', { peer: 'payments', slowMillis: 800 }, ({ requestId }) => pay(invoice, requestId));
 * ```
 */
export function trackLatency<T>(name: string, options: TrackLatencyOptions, work: (tracked: Tracked) => T): T;
export function trackLatency<T>(name: string, work: (tracked: Tracked) => T): T;
export function trackLatency<T>(
  name: string,
  options: TrackLatencyOptions | ((tracked: Tracked) => T),
  work = options as (tracked: Tracked) => T,
): T {
  const { peer, route, method, slowMillis, attributes: given } = copied(options as TrackLatencyOptions);
  const attributes = {
    ...copied(given),
    'rowtrace.call': true,
    ...(peer === undefined ? {} : { 'server.address': peer }),
    ...(route === undefined ? {} : { 'http.route': route }),
    ...(method === undefined ? {} : { 'http.request.method': method }),
    ...(slowMillis === undefined ? {} : { 'rowtrace.slow_millis': slowMillis }),
  };
  const span = trace.getTracer('rowtrace.manual').startSpan(name, {
    kind: peer === undefined ? SpanKind.INTERNAL : SpanKind.CLIENT,
    attributes: readable(attributes) as Attributes,
  });
  const requestId = stateOf(span)?.request.requestId;
  let returnedAt = 0;
  return finish(
    () => {
      try {
        return context.with(trace.setSpan(context.active(), span), () => work({ span, requestId }));
      } finally {
        returnedAt = Date.now();
      }
    },
    (failure) => {
      try {
        if (failure === undefined) return;
        span.setStatus({ code: SpanStatusCode.ERROR });
        span.recordException(failure.thrown as Error);
      } catch {
        // A value that cannot be read. The status is set, and its caller gets what was thrown.
      } finally {
        span.end();
      }
    },
    // A query that is asked for by another name than `then` (`exec()`): open, its span would be held and told as hanging.
    () => span.end(returnedAt),
  );
}
