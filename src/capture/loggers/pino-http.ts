// pino-http logs each request that it answers with 500 or above, with an Error of its own making where it has none. In: the
// fields of such a record. Out: whether the request tells the same by itself.

import { context, SpanKind } from '@opentelemetry/api';
import { stateOfContext } from '../../otel/request-state.ts';
import { peek } from '../../record/thrown.ts';

const STATUS_FAILURE = /^failed with status code 5\d\d$/;

/**
 * A status without an error is a row of its request (and one only, if anything failed in it), with its route and its
 * latency; this Error, which says less, would be a second one. Where no server span is around it is all there is.
 */
export function isToldByRequest(thrown: unknown, fields: unknown): boolean {
  const message = peek(thrown, 'message');
  if (typeof message !== 'string' || !STATUS_FAILURE.test(message) || peek(fields, 'res') === undefined) return false;
  return stateOfContext(context.active())?.request.span.kind === SpanKind.SERVER;
}
