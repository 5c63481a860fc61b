// Latencies of spans, of services that send no duration metric for that kind of operation. Which do is learned from what
// they send: what a metric tells is exact, spans may be sampled.

import { INSTRUMENTATION } from '../../record/attributes.ts';
import type { OperationKind } from '../../record/fact.ts';
import { histogramOf } from '../../record/histogram.ts';
import { Latencies, type OperationBounds } from './latencies.ts';
import type { MeasuredSpans } from './measured-spans.ts';
import type { SpanNode } from './span-tree.ts';

/** SDKs send metrics every minute, some every five. */
const REMEMBERED_MILLIS = 15 * 60_000;

const MAX_KINDS = 10_000;

/** Kinds of operations for which a service sends metrics. */
export class MeasuredByMetrics {
  readonly #until = new Map<string, number>();
  /** Scopes whose operations are measured by metrics, also before the first of those is heard of. */
  scopes: RegExp | undefined;

  note(service: string, kind: OperationKind, now: number): void {
    const key = `${kind} ${service}`;
    // Newest last: what is forgotten is what was not heard of for the longest time.
    this.#until.delete(key);
    if (this.#until.size >= MAX_KINDS) this.#until.delete(this.#until.keys().next().value!);
    this.#until.set(key, now + REMEMBERED_MILLIS);
  }

  has(service: string, kind: OperationKind, scope: string, now: number): boolean {
    if (this.scopes?.test(scope)) return true;
    const key = `${kind} ${service}`;
    const until = this.#until.get(key);
    if (until === undefined) return false;
    if (until < now) this.#until.delete(key);
    return until >= now;
  }
}

export interface LatencyRules {
  bounds: OperationBounds;
  measured: MeasuredByMetrics;
  /** Of a receiver, whose senders repeat; an exporter in an application is given each span once, and keeps none in its memory. */
  spans?: MeasuredSpans;
  now: () => number;
}

export function spanLatencies(nodes: readonly SpanNode[], service: string, process: string, rules: LatencyRules) {
  const latencies = new Latencies(process);
  const now = rules.now();
  for (const { span, scope, operation, millis } of nodes) {
    if (operation.kind === 'internal' && INSTRUMENTATION.test(scope)) continue;
    if (rules.measured.has(service, operation.kind, scope, now)) continue;
    const id = span.traceId + span.spanId + span.kind;
    if (rules.spans?.take(id) === false) continue;
    const op = rules.bounds.bound(service, operation);
    latencies.add(span.start, op, histogramOf([millis / 1000]), id);
  }
  return latencies.facts();
}
