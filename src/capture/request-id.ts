// The id of a request: taken from the request where it brings a sane one, else made; on the span before it starts (samplers
// and processors see it), and on the response (response-head.ts).

import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { cleanId, isPlainId } from '../record/scrub/clean.ts';
import { createScrubber, type Scrubber } from '../record/scrub/scrubber.ts';

/** Long enough for every scheme in use, without characters that could break a header or a log line. */
const SANE = /^[\w.:+/=@-]{1,128}$/;

/** The rules that are built in: those of the options are the span processor's. Made when it is needed; most ids are plain. */
let builtIn: Scrubber | undefined;

/** The first of `headers` that holds a sane id, else a new UUID. What a client gives may hold a secret: that is no id. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>, headers: readonly string[]): string {
  for (const name of headers) {
    const value = request.headers[name];
    if (typeof value === 'string' && SANE.test(value) && holdsNoSecret(value)) return value;
  }
  return randomUUID();
}

function holdsNoSecret(id: string): boolean {
  if (isPlainId(id)) return true;
  builtIn ??= createScrubber();
  return cleanId(id, builtIn) === id;
}
