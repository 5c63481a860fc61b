// http_calls: one inbound or outbound call at full fidelity. Failed and slow calls always, others by a rate; each row says
// by its weight how many calls it stands for.

import { SpanKind } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { RequestState } from '../otel/request-state.ts';
import type { CallFact, Operation } from '../record/fact.ts';
import type { Scrubber } from '../record/scrub/scrubber.ts';
import { uuidv7 } from '../util/uuid.ts';
import { copyCustom } from './attributes.ts';
import { unixMillis } from './hr-time.ts';
import { httpStatus } from './operation.ts';

export interface CallSampling {
  /** Share of ordinary calls that are kept, 0 to 1. */
  rate: number;
  random: () => number;
}

/** The weight of a call's row, or 0 when it is not kept. */
export function callWeight(kept: boolean, sampling: CallSampling): number {
  if (kept) return 1;
  if (sampling.rate <= 0 || sampling.random() >= sampling.rate) return 0;
  return 1 / sampling.rate;
}

export function callFact(
  span: ReadableSpan,
  operation: Operation,
  request: RequestState | undefined,
  weight: number,
  scrubber: Scrubber,
  hashUser: (userId: string | undefined) => string | undefined,
): CallFact {
  const t = Math.trunc(unixMillis(span.startTime));
  const tags: Record<string, unknown> = {};
  const path = span.attributes['url.path'] ?? span.attributes['url.full'];
  if (path !== undefined) tags[span.attributes['url.path'] === undefined ? 'url.full' : 'url.path'] = path;
  copyCustom(span.attributes, tags);
  return {
    k: 'call',
    id: uuidv7(t),
    t,
    direction: span.kind === SpanKind.SERVER ? 'inbound' : 'outbound',
    peer: operation.peer,
    route: span.attributes['http.route'] as string | undefined,
    method: operation.method,
    status: httpStatus(span.attributes),
    latency: Math.round(unixMillis(span.duration)),
    errorType: span.attributes['error.type'] as string | undefined,
    requestId: request?.requestId,
    sessionId: request?.sessionId,
    userId: hashUser(request?.userId),
    traceId: span.spanContext().traceId,
    spanId: span.spanContext().spanId,
    weight,
    tags: scrubber.tags(tags),
  };
}
