// The spans of one resource as they hang together in one request: parents as far as they came along. Spans in, nodes out,
// in the order in which they ended, those inside before what is around them, so that what failed inside is known by then.

import { codeFunction, INSTRUMENTATION } from '../../record/attributes.ts';
import type { Operation } from '../../record/fact.ts';
import { httpStatus, operationOfSpan } from '../../record/operation.ts';
import type { ResourceGroup, SpanSignal } from '../signals.ts';

/** Deeper chains of parents are not followed; neither are circles. */
export const MAX_CHAIN = 64;

export interface SpanNode {
  span: SpanSignal;
  scope: string;
  operation: Operation;
  status: number | undefined;
  millis: number;
  parent: SpanNode | undefined;
  /** When it ended, and all that came along inside it. SDKs read two clocks a span: a busy machine puts milliseconds between. */
  ended: number;
  /** An exception or a failure was seen on it or below it. */
  failed: boolean;
}

function isValid({ traceId, spanId }: SpanSignal): boolean {
  return /^(?!0+$)[0-9a-f]{32}$/.test(traceId) && /^(?!0+$)[0-9a-f]{16}$/.test(spanId);
}

export function spanTree(group: ResourceGroup<SpanSignal>): SpanNode[] {
  const nodes: SpanNode[] = [];
  for (const { scope, items } of group.scopes)
    for (const span of items) if (isValid(span)) nodes.push(nodeOf(span, scope));
  const byId = new Map(nodes.map((node) => [node.span.traceId + node.span.spanId, node]));
  for (const node of nodes) {
    const parent = byId.get(node.span.traceId + node.span.parentSpanId);
    if (parent !== node) node.parent = parent;
  }
  for (const node of nodes) endAfter(node);
  return nodes.sort((a, b) => a.ended - b.ended);
}

/** A microsecond, about four times the least that a time of today can differ by. */
const MOMENT = 0.001;

function endAfter(node: SpanNode): void {
  let inside = node;
  for (let step = 0; step < MAX_CHAIN; step++) {
    const { parent } = inside;
    if (parent === undefined || parent.ended > inside.ended) return;
    parent.ended = inside.ended + MOMENT;
    inside = parent;
  }
}

function nodeOf(span: SpanSignal, scope: string): SpanNode {
  return {
    span,
    scope,
    operation: operationOfSpan(span),
    status: httpStatus(span.attributes),
    millis: Math.max(0, span.end - span.start),
    parent: undefined,
    ended: span.end,
    failed: false,
  };
}

/** The node and its known ancestors, nearest first. */
export function chain(node: SpanNode): SpanNode[] {
  const nodes: SpanNode[] = [];
  for (let at: SpanNode | undefined = node; at !== undefined && nodes.length < MAX_CHAIN; at = at.parent)
    nodes.push(at);
  return nodes;
}

export function markFailed(node: SpanNode): void {
  for (const each of chain(node)) each.failed = true;
}

/** Ids of the ancestors, the last of which may not have come along. */
export function pathOf(node: SpanNode): string[] {
  return chain(node)
    .map(({ span }) => span.parentSpanId)
    .filter((id) => id !== '');
}

export function functionName({ span, scope }: SpanNode): string | undefined {
  const told = codeFunction(span.attributes);
  if (told !== undefined) return told;
  return span.kind === 'internal' && !INSTRUMENTATION.test(scope) ? span.name : undefined;
}
