// Which attributes of spans and log records become fields, which become tags, which are noise on a row.

import type { Attributes, Context } from '@opentelemetry/api';
import { trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { SpanState } from '../otel/request-state.ts';

/** Namespaces of the semantic conventions: on the row as columns, or describing transport rather than the error. */
const CONVENTION = /^(http|url|server|client|network|net|user_agent|error|exception|express|otel|thread|rpc|code)\./;
/** Of the request's own attributes these help to reproduce an error. */
const KEPT_OF_REQUEST = ['url.path', 'user_agent.original'];
const FIELDS = new Set([
  'session.id',
  'user.id',
  'enduser.id',
  'request.id',
  'rowtrace.fingerprint',
  'log.record.uid',
  'event.name',
  'logger.name',
  'log.template',
  'message.template',
  'code.stacktrace',
  'rowtrace.call',
  'rowtrace.slow_millis',
]);

function isField(key: string): boolean {
  return FIELDS.has(key) || key.startsWith('exception.') || key === 'code.function.name' || key === 'code.function';
}

/** Tags of a row made on `span` inside its request: all of the span's own attributes, the telling ones of the request's. */
export function spanTags(span: ReadableSpan | undefined, state: SpanState | undefined): Record<string, unknown> {
  const tags: Record<string, unknown> = {};
  const root = state?.request.span;
  if (root !== undefined) {
    for (const key of KEPT_OF_REQUEST) if (root.attributes[key] !== undefined) tags[key] = root.attributes[key];
    copyCustom(root.attributes, tags);
  }
  if (span !== undefined && span !== root)
    for (const key in span.attributes)
      if (!isField(key) && key !== 'http.route' && !key.startsWith('express.')) tags[key] = span.attributes[key];
  return tags;
}

/** Attributes that the application set itself. */
export function copyCustom(from: Attributes, into: Record<string, unknown>): void {
  for (const key in from) if (!CONVENTION.test(key) && !isField(key)) into[key] = from[key];
}

/** Tags of a log record: every attribute that is no column. */
export function recordTags(attributes: Attributes | Record<string, unknown>, into: Record<string, unknown>): void {
  for (const key in attributes) if (!isField(key)) into[key] = (attributes as Record<string, unknown>)[key];
}

export interface Identity {
  userId?: string;
  sessionId?: string;
}

export function readIdentity(attributes: Record<string, unknown>, into: Identity): void {
  const user = attributes['user.id'] ?? attributes['enduser.id'];
  if (user !== undefined && user !== null) into.userId = String(user);
  const session = attributes['session.id'];
  if (session !== undefined && session !== null) into.sessionId = String(session);
}

/** The active span, when it is one of the SDK's that can be read. */
export function readableSpan(context: Context): ReadableSpan | undefined {
  const span = trace.getSpan(context) as unknown as ReadableSpan | undefined;
  return span?.attributes === undefined ? undefined : span;
}
