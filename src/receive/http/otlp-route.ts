// POST /v1/traces, /v1/logs, /v1/metrics: body → signals → accepted → reply, as the OTLP/HTTP specification says.

import type { IncomingMessage } from 'node:http';
import { decode } from '../decode/decode.ts';
import { countItems, type Receiver } from '../receiver.ts';
import type { MetricSignal, ResourceGroup, Signal } from '../signals.ts';
import { type BodyOptions, withBody } from './body.ts';
import type { Gate, Sender } from './gate.ts';
import { HttpError } from './http-error.ts';
import { CONTENT_TYPES, encodingOf, successBody } from './reply.ts';
import type { Answer, Route } from './server.ts';

export interface OtlpRouteOptions extends BodyOptions {
  receiver: Receiver;
  gate: Gate;
}

export function otlpRoute(signal: Signal, options: OtlpRouteOptions): Route {
  const { receiver, counters, gate } = options;
  async function handle(request: IncomingMessage): Promise<Answer> {
    const sender = await gate(request);
    const encoding = encodingOf(request.headers['content-type']);
    if (encoding === undefined)
      throw new HttpError(415, `Content-Type should be ${Object.values(CONTENT_TYPES).join(' or ')}`);
    return withBody(request, options, async (bytes) => {
      const { groups, warning } = decode(signal, encoding, bytes);
      sender.spend(countItems(groups));
      const { allowed, others, why } = bySender(groups, sender);
      const accepted = await receiver.accept(signal, allowed);
      const refused = signal === 'metrics' ? countPoints(others as ResourceGroup<MetricSignal>[]) : countItems(others);
      counters.received[signal] += countItems(others);
      counters.rejected[signal] += refused;
      const body = successBody(signal, encoding, {
        rejected: accepted.rejected + refused,
        message: accepted.message ?? why ?? warning,
      });
      return { status: 200, contentType: CONTENT_TYPES[encoding], body };
    });
  }
  return { method: 'POST', handle };
}

/** Groups of services that the sender's key does not name are rejected; when none is left, the request is refused. */
function bySender<Item>(groups: ResourceGroup<Item>[], sender: Sender) {
  const mayServe = ({ resource }: ResourceGroup<Item>) => sender.mayServe(String(resource['service.name'] ?? ''));
  const allowed = groups.filter(mayServe);
  const others = groups.filter((group) => !mayServe(group));
  const why = countItems(others) === 0 ? undefined : 'this key may not send for that service';
  if (allowed.length === 0 && why !== undefined) throw new HttpError(403, why);
  return { allowed, others, why };
}

/** What an answer about metrics counts. */
function countPoints(groups: ResourceGroup<MetricSignal>[]): number {
  return groups
    .flatMap(({ scopes }) => scopes.flatMap(({ items }) => items))
    .reduce((sum, { points, otherPoints }) => sum + points.length + otherPoints, 0);
}
