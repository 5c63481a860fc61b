// POST /api/v1/ingest: a plain JSON batch of log entries, for scripts and languages without OpenTelemetry. Entries become
// log records and go their way; the answer says what became of them.

import type { IncomingMessage } from 'node:http';
import type { Counters } from '../counters.ts';
import { DecodeError } from '../decode/decode-error.ts';
import { parseJson } from '../decode/parse-json.ts';
import { readEntries } from '../ingest/entries.ts';
import type { Receiver } from '../receiver.ts';
import { readBody } from './body.ts';
import type { Budget } from './budget.ts';
import type { Gate } from './gate.ts';
import { HttpError } from './http-error.ts';
import { encodingOf } from './reply.ts';
import type { Answer, Route } from './server.ts';

export interface IngestRouteOptions {
  receiver: Receiver;
  budget: Budget;
  counters: Counters;
  gate: Gate;
  maxBodyBytes: number;
}

export function ingestRoute({ receiver, budget, counters, gate, maxBodyBytes }: IngestRouteOptions): Route {
  async function handle(request: IncomingMessage): Promise<Answer> {
    const sender = await gate(request);
    if (encodingOf(request.headers['content-type']) !== 'json')
      throw new HttpError(415, 'Content-Type should be application/json');
    const share = budget.open();
    try {
      const { bytes, receivedBytes } = await readBody(request, maxBodyBytes, share);
      counters.bytesReceived += receivedBytes;
      counters.bytesDecompressed += bytes.length;
      const { groups, entries, errors } = readEntries(parseJson(bytes), (service) => sender.mayServe(service));
      sender.spend(entries);
      const { taken } = await receiver.accept('logs', groups, 'ingest');
      const read = entries - errors.length;
      counters.received.ingest += errors.length;
      counters.rejected.ingest += errors.length;
      const body = { accepted: taken, below_level: read - taken, rejected: errors.length, errors: errors.slice(0, 20) };
      return { status: 200, contentType: 'application/json', body: JSON.stringify(body) };
    } catch (error) {
      if (error instanceof DecodeError) throw new HttpError(400, error.message);
      throw error;
    } finally {
      share.release();
    }
  }
  return { method: 'POST', handle };
}
