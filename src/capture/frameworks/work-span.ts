// A span around a piece of asynchronous work, with what it throws.

import {
  type Attributes,
  type Context,
  context,
  type Span,
  type SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { peek } from '../../record/thrown.ts';

export interface Work {
  /** Of the tracer. */
  scope: string;
  name: string;
  kind: SpanKind;
  attributes: Attributes;
  /** Default: the active context. */
  parent?: Context;
  /** Whether what is thrown tells of a failure. Default: all does. */
  isFailure?: (error: unknown) => boolean;
}

export function inSpan<T>(
  { scope, name, kind, attributes, parent, isFailure = () => true }: Work,
  work: () => Promise<T>,
): Promise<T> {
  const outer = parent ?? context.active();
  return trace.getTracer(scope).startActiveSpan(name, { kind, attributes }, outer, async (span) => {
    try {
      return await work();
    } catch (error) {
      if (isFailure(error)) recordFailure(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Never throws: what the work threw is what its caller gets, also where it cannot be read or has no text. */
export function recordFailure(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  try {
    span.recordException(error as Error);
    span.setStatus({ code: SpanStatusCode.ERROR, message: String(peek(error, 'message') ?? error) });
  } catch {
    // The status without a text is set.
  }
}
