// Traces, logs and metrics of OTLP's JSON encoding as plain data.

import type { ExplicitPoint, ExponentialPoint, LogSignal, MetricSignal, SpanEvent, SpanSignal } from '../signals.ts';
import { KINDS, NO_RECORDED_VALUE, TEMPORALITIES } from './decode-error.ts';
import {
  anyValue,
  attributes,
  id,
  integer,
  type Json,
  list,
  nanos,
  numberOf,
  object,
  optionalNumber,
  requestOf,
  text,
} from './json.ts';

function event(given: unknown): SpanEvent {
  const { name, timeUnixNano, attributes: own } = object(given, 'events');
  return {
    name: text(name, 'event.name'),
    time: nanos(timeUnixNano, 'event.timeUnixNano'),
    attributes: attributes(own, 'event.attributes'),
  };
}

function span(given: Json): SpanSignal {
  const status = object(given.status, 'span.status');
  return {
    traceId: id(given.traceId, 'span.traceId'),
    spanId: id(given.spanId, 'span.spanId'),
    parentSpanId: id(given.parentSpanId, 'span.parentSpanId'),
    name: text(given.name, 'span.name'),
    kind: KINDS[integer(given.kind, 'span.kind')] ?? 'internal',
    start: nanos(given.startTimeUnixNano, 'span.startTimeUnixNano'),
    end: nanos(given.endTimeUnixNano, 'span.endTimeUnixNano'),
    attributes: attributes(given.attributes, 'span.attributes'),
    events: list(given.events, 'span.events').map(event),
    failed: integer(status.code, 'span.status.code') === 2,
    statusMessage: text(status.message, 'span.status.message') || undefined,
  };
}

function record(given: Json): LogSignal {
  const time = nanos(given.timeUnixNano, 'logRecord.timeUnixNano');
  return {
    time: time === 0 ? nanos(given.observedTimeUnixNano, 'logRecord.observedTimeUnixNano') : time,
    severityNumber: integer(given.severityNumber, 'logRecord.severityNumber'),
    severityText: text(given.severityText, 'logRecord.severityText'),
    body: given.body === undefined || given.body === null ? undefined : anyValue(given.body, 0),
    attributes: attributes(given.attributes, 'logRecord.attributes'),
    traceId: id(given.traceId, 'logRecord.traceId'),
    spanId: id(given.spanId, 'logRecord.spanId'),
    eventName: text(given.eventName, 'logRecord.eventName'),
    raw: given,
  };
}

function pointBasics(given: Json) {
  return {
    attributes: attributes(given.attributes, 'dataPoint.attributes'),
    start: nanos(given.startTimeUnixNano, 'dataPoint.startTimeUnixNano'),
    time: nanos(given.timeUnixNano, 'dataPoint.timeUnixNano'),
    noRecordedValue: (integer(given.flags, 'dataPoint.flags') & NO_RECORDED_VALUE) !== 0,
    count: integer(given.count, 'dataPoint.count'),
    sum: optionalNumber(given.sum, 'dataPoint.sum'),
    min: optionalNumber(given.min, 'dataPoint.min'),
    max: optionalNumber(given.max, 'dataPoint.max'),
  };
}

function counts(given: unknown): number[] {
  return list(given, 'bucketCounts').map((count) => integer(count, 'bucketCounts'));
}

function explicitPoint(item: unknown): ExplicitPoint {
  const given = object(item, 'dataPoints');
  return {
    kind: 'explicit',
    ...pointBasics(given),
    bounds: list(given.explicitBounds, 'explicitBounds').map((bound) => numberOf(bound, 'explicitBounds')),
    counts: counts(given.bucketCounts),
  };
}

function exponentialPoint(item: unknown): ExponentialPoint {
  const given = object(item, 'dataPoints');
  const positive = object(given.positive, 'positive');
  return {
    kind: 'exponential',
    ...pointBasics(given),
    scale: integer(given.scale, 'scale'),
    zeroCount: integer(given.zeroCount, 'zeroCount'),
    offset: integer(positive.offset, 'offset'),
    counts: counts(positive.bucketCounts),
    negative: counts(object(given.negative, 'negative').bucketCounts).reduce((sum, count) => sum + count, 0),
  };
}

function metric(given: Json): MetricSignal {
  const explicit = object(given.histogram, 'histogram');
  const exponential = object(given.exponentialHistogram, 'exponentialHistogram');
  const temporality = explicit.aggregationTemporality ?? exponential.aggregationTemporality;
  let otherPoints = 0;
  for (const kind of ['gauge', 'sum', 'summary'])
    otherPoints += list(object(given[kind], kind).dataPoints, `${kind}.dataPoints`).length;
  return {
    name: text(given.name, 'metric.name'),
    unit: text(given.unit, 'metric.unit'),
    temporality: TEMPORALITIES[integer(temporality, 'aggregationTemporality')] ?? 'unspecified',
    points: [
      ...list(explicit.dataPoints, 'histogram.dataPoints').map(explicitPoint),
      ...list(exponential.dataPoints, 'exponentialHistogram.dataPoints').map(exponentialPoint),
    ],
    otherPoints,
  };
}

export const readTraces = requestOf({ groups: 'resourceSpans', scopes: 'scopeSpans', items: 'spans' }, span);
export const readLogs = requestOf({ groups: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords' }, record);
export const readMetrics = requestOf({ groups: 'resourceMetrics', scopes: 'scopeMetrics', items: 'metrics' }, metric);
