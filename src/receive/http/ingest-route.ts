// POST /api/v1/ingest: a plain JSON batch of log entries, for scripts and languages without OpenTelemetry. Entries become
// log records and go their way; the answer says what became of them.

import type { IncomingMessage } from 'node:http';
import { parseJson } from '../decode/parse-json.ts';
import { readEntries } from '../ingest/entries.ts';
import type { Receiver } from '../receiver.ts';
import { type BodyOptions, withBody } from './body.ts';
import type { Gate } from './gate.ts';
import { HttpError } from './http-error.ts';
import { encodingOf } from './reply.ts';
import type { Answer, Route } from './server.ts';

export interface IngestRouteOptions extends BodyOptions {
  receiver: Receiver;
  gate: Gate;
}

export function ingestRoute(options: IngestRouteOptions): Route {
  const { receiver, counters, gate } = options;
  async function handle(request: IncomingMessage): Promise<Answer> {
    const sender = await gate(request);
    if (encodingOf(request.headers['content-type']) !== 'json')
      throw new HttpError(415, 'Content-Type should be application/json');
    return withBody(request, options, async (bytes) => {
      const { groups, entries, errors } = readEntries(parseJson(bytes), (service) => sender.mayServe(service));
      sender.spend(entries);
      const { taken } = await receiver.accept('logs', groups, 'ingest');
      const read = entries - errors.length;
      counters.received.ingest += errors.length;
      counters.rejected.ingest += errors.length;
      const body = { accepted: taken, below_level: read - taken, rejected: errors.length, errors: errors.slice(0, 20) };
      return { status: 200, contentType: 'application/json', body: JSON.stringify(body) };
    });
  }
  return { method: 'POST', handle };
}
