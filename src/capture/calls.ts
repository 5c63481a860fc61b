// http_calls: one inbound or outbound call at full fidelity, of a span that ended in this process.

import { SpanKind } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { RequestState } from '../otel/request-state.ts';
import { copyCustom } from '../record/attributes.ts';
import { bodyBytes } from '../record/calls.ts';
import type { CallFact, Operation } from '../record/fact.ts';
import { httpStatus } from '../record/operation.ts';
import type { Scrubber } from '../record/scrub/scrubber.ts';
import { uuidv7 } from '../util/uuid.ts';
import { cleanNameOf } from './clean-name.ts';
import { unixMillis } from './hr-time.ts';
import type { OccurrenceTracker } from './tracker.ts';

export function callFact(
  span: ReadableSpan,
  operation: Operation,
  request: RequestState | undefined,
  weight: number,
  scrubber: Scrubber,
  tracker: Pick<OccurrenceTracker, 'hashUser' | 'session'>,
): CallFact {
  const t = Math.trunc(unixMillis(span.startTime));
  const tags: Record<string, unknown> = {};
  const path = span.attributes['url.path'] ?? span.attributes['url.full'];
  if (path !== undefined) tags[span.attributes['url.path'] === undefined ? 'url.full' : 'url.path'] = path;
  // Of a call that is no HTTP request nothing else says what it was.
  if (span.attributes['rowtrace.call'] === true) tags['span.name'] = span.name;
  copyCustom(span.attributes, tags);
  return {
    k: 'call',
    id: uuidv7(t),
    t,
    direction: span.kind === SpanKind.SERVER ? 'inbound' : 'outbound',
    peer: cleanNameOf(operation.peer, scrubber),
    route: cleanNameOf(span.attributes['http.route'], scrubber),
    method: operation.method,
    status: httpStatus(span.attributes),
    latency: Math.round(unixMillis(span.duration)),
    requestBytes: bodyBytes(span.attributes, 'request'),
    responseBytes: bodyBytes(span.attributes, 'response'),
    errorType: cleanNameOf(span.attributes['error.type'], scrubber),
    requestId: request?.requestId,
    sessionId: tracker.session(request?.sessionId),
    userId: tracker.hashUser(request?.userId),
    traceId: span.spanContext().traceId,
    spanId: span.spanContext().spanId,
    weight,
    tags: scrubber.tags(tags),
  };
}
