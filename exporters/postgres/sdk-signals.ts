// Finished spans and log records of an OpenTelemetry SDK as the plain signals that a receiver maps. Uses only what the
// SDK lines 2 and 3 have in common, and what 1.x calls otherwise. Loses span links, which make no row.

import type { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { unixMillis } from '../../src/capture/hr-time.ts';
import { parentIdOf, scopeName } from '../../src/otel/old-line.ts';
import type { LogSignal, ResourceGroup, SpanSignal } from '../../src/receive/signals.ts';
import type { Attributes } from '../../src/record/attributes.ts';
import type { SpanKindName } from '../../src/record/operation.ts';
import { type PlainRules, plain } from '../../src/record/plain.ts';

/** In the order of SpanKind. */
const KINDS: readonly SpanKindName[] = ['internal', 'server', 'client', 'producer', 'consumer'];
const ERROR: SpanStatusCode = 2;
/** A record's identity: whatever is in it, its text can be made, and only what is beyond a megabyte is not told apart. */
const IDENTITY: PlainRules = { keys: 1_000, depth: 16, items: 1_000, total: 1024 * 1024 };

interface Emitted {
  resource: { attributes: Attributes };
  instrumentationScope: { name: string };
}

export function spanGroups(spans: readonly ReadableSpan[]): ResourceGroup<SpanSignal>[] {
  return group(spans, spanSignal);
}

export function logGroups(records: readonly ReadableLogRecord[]): ResourceGroup<LogSignal>[] {
  return group(records, logSignal);
}

function group<From extends Emitted, Item>(given: readonly From[], signalOf: (one: From) => Item) {
  const resources = new Map<Attributes, Map<string, Item[]>>();
  for (const one of given) {
    const { attributes } = one.resource;
    const scopes = resources.get(attributes) ?? new Map<string, Item[]>();
    resources.set(attributes, scopes);
    const scope = scopeName(one);
    const items = scopes.get(scope) ?? [];
    scopes.set(scope, items);
    items.push(signalOf(one));
  }
  return [...resources].map(([resource, scopes]) => ({
    resource,
    scopes: [...scopes].map(([scope, items]) => ({ scope, items })),
  }));
}

function spanSignal(span: ReadableSpan): SpanSignal {
  const { traceId, spanId } = span.spanContext();
  return {
    traceId,
    spanId,
    parentSpanId: parentIdOf(span),
    name: span.name,
    kind: KINDS[span.kind] ?? 'internal',
    start: unixMillis(span.startTime),
    end: unixMillis(span.endTime),
    attributes: span.attributes,
    events: span.events.map(({ name, time, attributes }) => ({
      name,
      time: unixMillis(time),
      attributes: attributes ?? {},
    })),
    failed: span.status.code === ERROR,
    statusMessage: span.status.message || undefined,
  };
}

function logSignal(record: ReadableLogRecord): LogSignal {
  const { hrTime, hrTimeObserved, severityNumber = 0, severityText = '', body, attributes, eventName = '' } = record;
  const { traceId = '', spanId = '' } = record.spanContext ?? {};
  const time = unixMillis(hrTime);
  const own = { hrTime, hrTimeObserved, severityNumber, severityText, body, attributes, eventName, traceId, spanId };
  return {
    time: time === 0 ? unixMillis(hrTimeObserved) : time,
    severityNumber,
    severityText,
    body,
    attributes,
    traceId,
    spanId,
    eventName,
    raw: plain(own, IDENTITY),
  };
}
