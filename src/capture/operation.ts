// What a span or a metric data point is a measurement of: kind, pattern, method, status class, peer. Old and new names
// of the HTTP and database conventions are understood.

import { type Attributes, SpanKind } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Operation, OperationKind } from '../record/fact.ts';

/** Name of the operation of requests that no route matched, so that scans of a server stay one operation. */
export const UNMATCHED = '(no route)';

function text(value: unknown): string | undefined {
  return value === undefined || value === null || value === '' ? undefined : String(value);
}

export function statusClass(status: number | undefined): string | undefined {
  return status === undefined || status < 100 || status > 599 ? undefined : `${Math.floor(status / 100)}xx`;
}

export function httpStatus(attributes: Attributes): number | undefined {
  const status = Number(attributes['http.response.status_code'] ?? attributes['http.status_code'] ?? Number.NaN);
  return Number.isInteger(status) ? status : undefined;
}

export function peerOf(attributes: Attributes): string | undefined {
  const address = text(attributes['server.address'] ?? attributes['net.peer.name']);
  if (address === undefined) return undefined;
  const port = attributes['server.port'] ?? attributes['net.peer.port'];
  return port === undefined || Number(port) === 443 || Number(port) === 80 ? address : `${address}:${port}`;
}

export function isDatabase(attributes: Attributes): boolean {
  return attributes['db.system.name'] !== undefined || attributes['db.system'] !== undefined;
}

function databaseName(attributes: Attributes, fallback: string): string {
  const operation = text(attributes['db.operation.name'] ?? attributes['db.operation']);
  const collection = text(attributes['db.collection.name']);
  // instrumentation-pg names the operation on its metric only; its spans are called "pg.query:SELECT database".
  if (operation === undefined)
    return text(attributes['db.query.summary']) ?? /^pg\.query:(\w+)/.exec(fallback)?.[1] ?? fallback;
  return collection === undefined ? operation : `${operation} ${collection}`;
}

function databasePeer(attributes: Attributes): string {
  const system = String(attributes['db.system.name'] ?? attributes['db.system']);
  const namespace = text(attributes['db.namespace'] ?? attributes['db.name']);
  return namespace === undefined ? system : `${system} ${namespace}`;
}

export function operationOfSpan(span: ReadableSpan): Operation {
  const { attributes } = span;
  const method = text(attributes['http.request.method'] ?? attributes['http.method']);
  if (isDatabase(attributes)) return database(attributes, span.name, span.status.code === 2);
  const status = statusClass(httpStatus(attributes)) ?? (span.status.code === 2 ? 'error' : undefined);
  if (method !== undefined && span.kind === SpanKind.SERVER)
    return { kind: 'server', name: text(attributes['http.route']) ?? UNMATCHED, method, statusClass: status };
  if (method !== undefined)
    return { kind: 'client', name: 'http', method, statusClass: status, peer: peerOf(attributes) };
  return { kind: kindOf(span.kind), name: span.name, statusClass: status ?? 'ok', peer: peerOf(attributes) };
}

function kindOf(kind: SpanKind): OperationKind {
  if (kind === SpanKind.SERVER) return 'server';
  if (kind === SpanKind.CLIENT) return 'client';
  return kind === SpanKind.PRODUCER || kind === SpanKind.CONSUMER ? 'messaging' : 'internal';
}

function database(attributes: Attributes, fallback: string, failed: boolean): Operation {
  return {
    kind: 'db',
    name: databaseName(attributes, fallback),
    statusClass: failed || attributes['error.type'] !== undefined ? 'error' : 'ok',
    peer: databasePeer(attributes),
  };
}

/** Operation of a data point of one of the duration metrics we keep; nothing for any other metric. */
export function operationOfMetric(metric: string, attributes: Attributes): Operation | undefined {
  const method = text(attributes['http.request.method']);
  const failed = attributes['error.type'] !== undefined;
  const status = statusClass(httpStatus(attributes)) ?? (failed ? 'error' : undefined);
  switch (metric) {
    case 'http.server.request.duration':
      return { kind: 'server', name: text(attributes['http.route']) ?? UNMATCHED, method, statusClass: status };
    case 'http.client.request.duration':
      return { kind: 'client', name: 'http', method, statusClass: status, peer: peerOf(attributes) };
    case 'db.client.operation.duration':
      return database(attributes, 'query', failed);
    case SPAN_DURATION:
      return { kind: 'internal', name: String(attributes['span.name']), statusClass: failed ? 'error' : 'ok' };
    default:
      return undefined;
  }
}

/** Our own metric: seconds of spans that no instrumentation made (the programmer's own). */
export const SPAN_DURATION = 'rowtrace.span.duration';
