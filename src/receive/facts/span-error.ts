// An exception event of a span as an error, and what of it other rows may tell, too.

import { errorOfAttributes } from '../../record/error-of-attributes.ts';
import type { ErrorFact } from '../../record/fact.ts';
import { LIMITS } from '../../record/limits.ts';
import { isOutgoing } from '../../record/operation.ts';
import { toldOf } from '../../record/retold.ts';
import { clean } from '../../record/scrub/clean.ts';
import type { Scrubber } from '../../record/scrub/scrubber.ts';
import type { SpanEvent } from '../signals.ts';
import type { Telling } from './retellings.ts';
import type { SpanNode } from './span-tree.ts';

export function errorOfEvent({ attributes }: SpanEvent, { span, operation }: SpanNode, scrubber: Scrubber) {
  const error = errorOfAttributes(attributes, scrubber);
  const isText = attributes['exception.type'] === undefined && attributes['exception.stacktrace'] === undefined;
  if (error === undefined || !isText || !isOutgoing(span)) return error;
  // A client's text is often a mask for the true one, which comes with the span's status (pg).
  const text = error.message;
  if (span.statusMessage !== undefined) error.message = clean(span.statusMessage, scrubber);
  if (operation.kind === 'db') error.type = 'DatabaseError';
  const code =
    span.attributes['error.type'] ??
    span.attributes['db.response.status_code'] ??
    /\(code: (\w{1,64})\)/.exec(text)?.[1];
  if (code !== undefined) error.code = clean(String(code), scrubber, LIMITS.name);
  return error;
}

/** @param at when it told so, Unix milliseconds; @param key of the occurrence */
export function tellingOf(
  { span, scope }: SpanNode,
  error: ErrorFact,
  language: string | undefined,
  at: number,
  key?: string,
): Telling {
  const isCall = isOutgoing(span);
  const isFetch = scope === '@opentelemetry/instrumentation-undici';
  return { ...toldOf(error, { language, isCall, isFetch }), at, key, by: isCall ? 'call' : 'span' };
}
