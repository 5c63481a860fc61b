// Tags of rows made in process, and the span that is active there.

import type { Context } from '@opentelemetry/api';
import { trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { SpanState } from '../otel/request-state.ts';
import { copyCustom, rowTags } from '../record/attributes.ts';

export function spanTags(span: ReadableSpan | undefined, state: SpanState | undefined): Record<string, unknown> {
  const root = state?.request.span.attributes;
  if (span === undefined || state === undefined || state.span === span) return rowTags(span?.attributes, root);
  // Part of the span above it (joinState): only what the application set on it is news.
  const tags = rowTags(undefined, root);
  copyCustom(span.attributes, tags);
  return tags;
}

/** The active span, when it is one of the SDK's that can be read. */
export function readableSpan(context: Context): ReadableSpan | undefined {
  const span = trace.getSpan(context) as unknown as ReadableSpan | undefined;
  return span?.attributes === undefined ? undefined : span;
}
