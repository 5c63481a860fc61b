// Spans of the instrumentation of graphql (up to 16). What a client sent is no GraphQL, or asks for what the schema has not:
// it records the first as it was thrown, the second as a list in JSON. What a resolver fails of is recorded on a span of its
// field, below that of the operation.

import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { SpanState } from '../otel/request-state.ts';
import { graphqlTags } from '../record/attributes.ts';
import { peek } from '../record/thrown.ts';

const SCOPE = '@opentelemetry/instrumentation-graphql';
/** Not `…Schema`: those are the application's own. */
const SPANS: ReadonlySet<string> = new Set(['graphql.parse', 'graphql.validate']);

/** Such a span knows no fault but that of whoever wrote the query. */
export function isOfDocument(span: ReadableSpan): boolean {
  return SPANS.has(span.name) && span.instrumentationScope.name === SCOPE;
}

/** Of such a span in words what is recorded as JSON; nothing for anything else. */
export function inWordsOfGraphql(span: ReadableSpan, recorded: unknown): string | undefined {
  if (!isOfDocument(span) || peek(recorded, 'name') !== 'graphql.validation.error') return undefined;
  try {
    const errors: unknown = JSON.parse(String(peek(recorded, 'message')));
    return (errors as unknown[]).map((error) => String(peek(error, 'message'))).join('\n');
  } catch {
    return undefined;
  }
}

/** All operations have one route, so rows of fields say which it was. */
export function tagsOfField(span: ReadableSpan, state: SpanState): Record<string, unknown> | undefined {
  const path = span.attributes['graphql.field.path'];
  if (path === undefined || span.instrumentationScope.name !== SCOPE) return undefined;
  const type = 'graphql.operation.type';
  for (let above = state.parent; above !== undefined; above = above.parent) {
    const attributes = peek(above.span, 'attributes');
    if (peek(attributes, type) !== undefined)
      return graphqlTags(peek(attributes, type), peek(attributes, 'graphql.operation.name'), path);
  }
  return { 'graphql.field.path': path };
}
