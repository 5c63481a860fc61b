import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { SpanKindName, SpanShape } from '../record/operation.ts';

/** In the order of the API's SpanKind. */
const KINDS: readonly SpanKindName[] = ['internal', 'server', 'client', 'producer', 'consumer'];

/** A span of the SDK as the rules see it. */
export function shapeOf(span: ReadableSpan): SpanShape {
  const { name, attributes } = span;
  return { name, kind: KINDS[span.kind] ?? 'internal', attributes, failed: span.status.code === 2 };
}
