// What a browser asks before a page of another origin may send (CORS). In: a request, the origins that may. Out: headers for its
// answer, which tell every other origin nothing.

import type { IncomingMessage } from 'node:http';

/** What the exporters of OpenTelemetry's web SDKs send. */
const METHODS = 'POST';
const HEADERS = 'content-type, content-encoding, authorization, x-api-key';
/** Seconds for which a browser need not ask again; none takes more. */
const MAX_AGE = '7200';

export function corsHeaders(request: IncomingMessage, allowedOrigins: ReadonlySet<string>): Record<string, string> {
  if (allowedOrigins.size === 0) return {};
  // A cache must not give the answer of one origin to another.
  const vary = { vary: 'origin' };
  const { origin } = request.headers;
  if (origin === undefined || !allowedOrigins.has(origin)) return vary;
  const allowed = { ...vary, 'access-control-allow-origin': origin };
  if (!isPreflight(request)) return { ...allowed, 'access-control-expose-headers': 'retry-after' };
  return {
    ...allowed,
    'access-control-allow-methods': METHODS,
    'access-control-allow-headers': HEADERS,
    'access-control-max-age': MAX_AGE,
  };
}

export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && 'access-control-request-method' in headers;
}
