// What a row takes from the request around it: the server span, when it came along or came before.

import { readIdentity } from '../../record/attributes.ts';
import type { RequestFacts } from '../../record/fact.ts';
import { LIMITS } from '../../record/limits.ts';
import { cleanGiven } from '../../record/scrub/clean.ts';
import type { Scrubber } from '../../record/scrub/scrubber.ts';
import { keptUserId } from '../../record/user-id.ts';
import type { MapRules } from './rules.ts';
import { chain, type SpanNode } from './span-tree.ts';

/** The nearest server span; else the outermost span, when it has no parent anywhere. */
export function requestOf(node: SpanNode): SpanNode | undefined {
  const nodes = chain(node);
  const outermost = nodes.at(-1)!;
  return (
    nodes.find(({ span }) => span.kind === 'server') ?? (outermost.span.parentSpanId === '' ? outermost : undefined)
  );
}

export function isRequest(node: SpanNode): boolean {
  return node.span.kind === 'server' || node.status !== undefined;
}

/** `request`: what requestOf gave. */
export function requestFacts(node: SpanNode, request: SpanNode | undefined, rules: MapRules): RequestFacts {
  const identity: { userId?: string; sessionId?: string } = {};
  if (request !== undefined) readIdentity(request.span.attributes, identity);
  if (node !== request) readIdentity(node.span.attributes, identity);
  const facts: RequestFacts = {
    userId: keptUserId(identity.userId, rules, rules.scrubber),
    sessionId: cleanGiven(identity.sessionId, rules.scrubber, LIMITS.id),
  };
  return request === undefined ? facts : { ...facts, ...outcomeFacts(request, rules.scrubber) };
}

/** Route, method, status, latency and request id of a server span. */
export function outcomeFacts(request: SpanNode, scrubber: Scrubber): RequestFacts {
  const { attributes } = request.span;
  const requestId = attributes['request.id'] ?? attributes['http.request.header.x-request-id'];
  return {
    route: cleanGiven(attributes['http.route'], scrubber, LIMITS.name),
    method: request.operation.method,
    status: request.status,
    latency: isRequest(request) ? Math.round(request.millis) : undefined,
    requestId: cleanGiven(Array.isArray(requestId) ? requestId[0] : requestId, scrubber, LIMITS.id),
  };
}
