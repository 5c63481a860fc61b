// OTLP signals as plain data, whichever encoding they came in: what the decoders give and the mapping reads. Ids are
// lower-case hex ('' where absent or invalid), times Unix milliseconds with fraction (0 where absent).

import type { Attributes } from '../record/attributes.ts';
import type { SpanKindName } from '../record/operation.ts';

export type Signal = 'traces' | 'logs' | 'metrics';

/** What one process sent: its resource, and items by instrumentation scope. */
export interface ResourceGroup<Item> {
  resource: Attributes;
  scopes: ScopeGroup<Item>[];
}

export interface ScopeGroup<Item> {
  scope: string;
  items: Item[];
}

export interface SpanEvent {
  name: string;
  time: number;
  attributes: Attributes;
}

export interface SpanSignal {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: SpanKindName;
  start: number;
  end: number;
  attributes: Attributes;
  events: SpanEvent[];
  /** Status ERROR. */
  failed: boolean;
  statusMessage: string | undefined;
}

export interface LogSignal {
  time: number;
  severityNumber: number;
  severityText: string;
  body: unknown;
  attributes: Attributes;
  traceId: string;
  spanId: string;
  eventName: string;
  /** The record as it came, for its identity: bytes, or the parsed JSON. */
  raw: Uint8Array | object;
}

export type Temporality = 'delta' | 'cumulative' | 'unspecified';

/** A metric; `points` of kinds other than histograms are only counted. */
export interface MetricSignal {
  name: string;
  unit: string;
  temporality: Temporality;
  points: HistogramPoint[];
  otherPoints: number;
}

interface Point {
  attributes: Attributes;
  start: number;
  time: number;
  /** FLAG NO_RECORDED_VALUE: the stream has nothing to tell, its numbers stand for nothing. */
  noRecordedValue: boolean;
  count: number;
  sum: number | undefined;
  min: number | undefined;
  max: number | undefined;
}

export interface ExplicitPoint extends Point {
  kind: 'explicit';
  /** Upper bounds, rising; there is one count more than bounds. */
  bounds: number[];
  counts: number[];
}

export interface ExponentialPoint extends Point {
  kind: 'exponential';
  scale: number;
  zeroCount: number;
  offset: number;
  counts: number[];
  /** Measurements below zero, which a duration cannot have. */
  negative: number;
}

export type HistogramPoint = ExplicitPoint | ExponentialPoint;

export interface SignalItems {
  traces: SpanSignal;
  logs: LogSignal;
  metrics: MetricSignal;
}
