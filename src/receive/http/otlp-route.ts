// POST /v1/traces, /v1/logs, /v1/metrics: body → signals → accepted → reply, as the OTLP/HTTP specification says.

import type { IncomingMessage } from 'node:http';
import type { Counters } from '../counters.ts';
import { decode } from '../decode/decode.ts';
import { DecodeError, TooManyError } from '../decode/decode-error.ts';
import { countItems, type Receiver } from '../receiver.ts';
import type { ResourceGroup, Signal } from '../signals.ts';
import { readBody } from './body.ts';
import type { Budget } from './budget.ts';
import type { Gate, Sender } from './gate.ts';
import { HttpError } from './http-error.ts';
import { CONTENT_TYPES, encodingOf, successBody } from './reply.ts';
import type { Answer, Route } from './server.ts';

export interface OtlpRouteOptions {
  receiver: Receiver;
  budget: Budget;
  counters: Counters;
  gate: Gate;
  maxBodyBytes: number;
}

export function otlpRoute(signal: Signal, options: OtlpRouteOptions): Route {
  const { receiver, budget, counters, gate, maxBodyBytes } = options;
  async function handle(request: IncomingMessage): Promise<Answer> {
    const sender = await gate(request);
    const encoding = encodingOf(request.headers['content-type']);
    if (encoding === undefined)
      throw new HttpError(415, `Content-Type should be ${Object.values(CONTENT_TYPES).join(' or ')}`);
    const share = budget.open();
    try {
      const { bytes, receivedBytes } = await readBody(request, maxBodyBytes, share);
      counters.bytesReceived += receivedBytes;
      counters.bytesDecompressed += bytes.length;
      const { groups, warning } = decode(signal, encoding, bytes);
      sender.spend(countItems(groups));
      const { allowed, refused, why } = bySender(groups, sender);
      const accepted = await receiver.accept(signal, allowed);
      accepted.rejected += refused;
      accepted.message ??= why;
      const body = successBody(signal, encoding, { ...accepted, message: accepted.message ?? warning });
      return { status: 200, contentType: CONTENT_TYPES[encoding], body };
    } catch (error) {
      if (error instanceof TooManyError) throw new HttpError(413, error.message);
      if (error instanceof DecodeError) throw new HttpError(400, error.message);
      throw error;
    } finally {
      share.release();
    }
  }
  return { method: 'POST', handle };
}

/** Groups of services that the sender's key does not name are rejected; when none is left, the request is refused. */
function bySender<Item>(groups: ResourceGroup<Item>[], sender: Sender) {
  if (!sender.key?.services) return { allowed: groups, refused: 0, why: undefined };
  const allowed = groups.filter(({ resource }) => sender.mayServe(String(resource['service.name'] ?? '')));
  const refused = countItems(groups) - countItems(allowed);
  const why = refused === 0 ? undefined : 'this key may not send for that service';
  if (allowed.length === 0 && refused > 0) throw new HttpError(403, why!);
  return { allowed, refused, why };
}
