// Trace headers of an outgoing request that has some already: the application passes on what it was sent, or the agent of
// another maker runs beside us. Two of one name are as good as none for whoever receives them ("traceparent", Trace
// Context 3.2), so those that are there stay.

import { propagation, type Span } from '@opentelemetry/api';

/** A request of undici, before its headers are sent. */
interface UndiciRequest {
  /** Names and values in turn; a text in undici 5. */
  headers?: unknown;
  addHeader?(name: string, value: string): unknown;
}

/** Called before trace headers are added. */
export function keepGivenHeaders(_span: Span, request: UndiciRequest): void {
  const { headers, addHeader } = request;
  if (!Array.isArray(headers) || typeof addHeader !== 'function') return;
  // Of baggage there may be several.
  const fields = propagation.fields().filter((name) => name !== 'baggage');
  const isGiven = headers.some(
    (name, at) => at % 2 === 0 && typeof name === 'string' && fields.includes(name.toLowerCase()),
  );
  if (!isGiven) return;
  request.addHeader = (name, value) =>
    fields.includes(name.toLowerCase()) ? request : addHeader.call(request, name, value);
}
