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

export interface Work<T> {
  /** Of the tracer. */
  scope: string;
  name: string;
  kind: SpanKind;
  attributes: Attributes;
  /** Default: the active context. */
  parent?: Context;
  /** Whether what is thrown tells of a failure. Default: all does. */
  isFailure?: (error: unknown) => boolean;
  /** Called in the context of the span, whose end it tells: the answer may go on. Default: that is the end. */
  follow?: (answer: T, end: () => void) => T;
}

export function inSpan<T>(
  { scope, name, kind, attributes, parent, isFailure = () => true, follow = ended }: Work<T>,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const outer = parent ?? context.active();
  return trace.getTracer(scope).startActiveSpan(name, { kind, attributes }, outer, async (span) => {
    try {
      return follow(await work(span), () => span.end());
    } catch (error) {
      if (isFailure(error)) recordFailure(span, error);
      span.end();
      throw error;
    }
  });
}

function ended<T>(answer: T, end: () => void): T {
  end();
  return answer;
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
