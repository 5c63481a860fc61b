// The request id: taken from the request where it brings a sane one, else made; on the span before it starts (samplers
// and processors see it), and on the response, error responses included.

import { randomUUID } from 'node:crypto';
import { type IncomingMessage, ServerResponse } from 'node:http';

/** Long enough for every scheme in use, without characters that could break a header or a log line. */
const SANE = /^[\w.:+/=@-]{1,128}$/;
const ID = Symbol.for('rowtrace.request-id');
const PATCHED = Symbol.for('rowtrace.write-head');

type WithId = { [ID]?: { header: string; value: string } };

/** The first of `headers` that holds a sane id, else a new UUID. */
export function requestIdOf(request: IncomingMessage, headers: readonly string[]): string {
  for (const name of headers) {
    const value = request.headers[name];
    if (typeof value === 'string' && SANE.test(value)) return value;
  }
  return randomUUID();
}

/** Gives `response` the id it will answer with. */
export function answerWithId(response: ServerResponse, header: string, value: string): void {
  (response as WithId)[ID] = { header, value };
}

/**
 * Sets the header when the head is written, once for all responses on the prototype. Set any earlier, frameworks that
 * clear headers for their error pages (Koa, finalhandler) would remove it; a wrapper on each response would cost a
 * closure a request. A header that the application set itself stays.
 */
export function hookWriteHead(): void {
  const prototype = ServerResponse.prototype as ServerResponse & { [PATCHED]?: true };
  if (prototype[PATCHED]) return;
  prototype[PATCHED] = true;
  const original = prototype.writeHead;
  prototype.writeHead = function writeHead(this: ServerResponse, ...values: unknown[]) {
    const id = (this as WithId)[ID];
    if (id !== undefined && !this.headersSent && !this.hasHeader(id.header)) {
      try {
        this.setHeader(id.header, id.value);
      } catch {
        // The answer matters more than the header.
      }
    }
    return (original as (...given: unknown[]) => ServerResponse).apply(this, values);
  } as typeof original;
}
