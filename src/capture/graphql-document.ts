// What a client sent is no GraphQL, or asks for what the schema has not: the instrumentation records the first as it was
// thrown, the second as a list in JSON.

import type { ReadableSpan } from '@opentelemetry/sdk-trace';
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
