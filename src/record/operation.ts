// What a span or a metric data point is a measurement of: kind, pattern, method, status class, peer. Old and new names
// of the HTTP and database conventions are understood.

import type { Attributes } from './attributes.ts';
import type { Operation, OperationKind } from './fact.ts';
import { bound, LIMITS } from './limits.ts';

export type SpanKindName = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

/** What the rules need to know of a span, whichever door it came through. */
export interface SpanShape {
  name: string;
  kind: SpanKindName;
  attributes: Attributes;
  /** Status ERROR. */
  failed: boolean;
}

/** Name of the operation of requests that no route matched, so that scans of a server stay one operation. */
const UNMATCHED = '(no route)';

/** Bounded: operations are remembered by their names. */
function text(value: unknown, limit: number = LIMITS.name): string | undefined {
  return value === undefined || value === null || value === '' ? undefined : bound(String(value), limit);
}

/** By its name of now, or the one that instrumentations of 2025 and before have. */
export function methodOf(attributes: Attributes): string | undefined {
  return text(attributes['http.request.method'] ?? attributes['http.method'], LIMITS.method);
}

export function statusClass(status: number | undefined): string | undefined {
  return status === undefined || status < 100 || status > 599 ? undefined : `${Math.floor(status / 100)}xx`;
}

export function httpStatus(attributes: Attributes): number | undefined {
  const status = Number(attributes['http.response.status_code'] ?? attributes['http.status_code'] ?? Number.NaN);
  return Number.isInteger(status) ? status : undefined;
}

function peerOf(attributes: Attributes): string | undefined {
  const address = text(attributes['server.address'] ?? attributes['net.peer.name']);
  if (address === undefined) return undefined;
  const port = attributes['server.port'] ?? attributes['net.peer.port'];
  return port === undefined || Number(port) === 443 || Number(port) === 80 ? address : `${address}:${port}`;
}

function isDatabase(attributes: Attributes): boolean {
  return attributes['db.system.name'] !== undefined || attributes['db.system'] !== undefined;
}

/** What a redis client tells its server about itself (CLIENT SETINFO): older servers refuse it, and clients expect that. */
export function isHandshake(attributes: Attributes): boolean {
  const system = attributes['db.system.name'] ?? attributes['db.system'];
  return system === 'redis' && /^client\b/i.test(String(attributes['db.query.text'] ?? attributes['db.statement']));
}

function databaseName(attributes: Attributes, fallback: string): string {
  const operation = text(attributes['db.operation.name'] ?? attributes['db.operation']);
  const collection = text(attributes['db.collection.name'] ?? attributes['db.mongodb.collection']);
  // instrumentation-pg names the operation on its metric only (its spans are called "pg.query:SELECT database"),
  // and that of the redis clients puts the client before the command: "redis-HGET".
  if (operation === undefined)
    return text(attributes['db.query.summary']) ?? /^(?:pg\.query:|redis-)(\w+)/.exec(fallback)?.[1] ?? fallback;
  return collection === undefined ? operation : `${operation} ${collection}`;
}

function databasePeer(attributes: Attributes): string {
  const system = text(attributes['db.system.name'] ?? attributes['db.system']) ?? '';
  const namespace = text(attributes['db.namespace'] ?? attributes['db.name']);
  return namespace === undefined ? system : `${system} ${namespace}`;
}

export function operationOfSpan(span: SpanShape): Operation {
  const { attributes } = span;
  const method = methodOf(attributes);
  if (isDatabase(attributes)) return database(attributes, bound(span.name, LIMITS.name), span.failed);
  const status = statusClass(httpStatus(attributes)) ?? (span.failed ? 'error' : undefined);
  if (method !== undefined && span.kind === 'server')
    return { kind: 'server', name: text(attributes['http.route']) ?? UNMATCHED, method, statusClass: status };
  if (method !== undefined)
    return { kind: 'client', name: 'http', method, statusClass: status, peer: peerOf(attributes) };
  return {
    kind: kindOf(span.kind),
    name: bound(span.name, LIMITS.name),
    statusClass: status ?? 'ok',
    peer: peerOf(attributes),
  };
}

function kindOf(kind: SpanKindName): OperationKind {
  return kind === 'producer' || kind === 'consumer' ? 'messaging' : kind;
}

export function isOutgoing({ kind }: Pick<SpanShape, 'kind'>): boolean {
  return kind === 'client' || kind === 'producer';
}

/** What a span is called in words: "GET /dogs/:id", "GET api.example.com". */
export function wordsOf(operation: Operation): string {
  return [operation.method, operation.name === 'http' ? operation.peer : operation.name].filter(Boolean).join(' ');
}

/** The words of a row about a span that failed and told no exception. */
export function failureWords(operation: Operation, status: number | undefined): string {
  return status === undefined ? `${wordsOf(operation)} failed` : `${wordsOf(operation)} answered ${status}`;
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
  const method = methodOf(attributes);
  const failed = attributes['error.type'] !== undefined;
  const status = statusClass(httpStatus(attributes)) ?? (failed ? 'error' : undefined);
  switch (metric) {
    case 'http.server.request.duration':
    case 'http.server.duration':
      return { kind: 'server', name: text(attributes['http.route']) ?? UNMATCHED, method, statusClass: status };
    case 'http.client.request.duration':
    case 'http.client.duration':
      return { kind: 'client', name: 'http', method, statusClass: status, peer: peerOf(attributes) };
    case 'db.client.operation.duration':
      return database(attributes, 'query', failed);
    case SPAN_DURATION:
      return {
        kind: (attributes['span.operation'] as OperationKind | undefined) ?? 'internal',
        name: text(attributes['span.name']) ?? 'unknown',
        method,
        statusClass: failed ? 'error' : 'ok',
        peer: text(attributes['span.peer']),
      };
    default:
      return undefined;
  }
}

/** The same for any histogram of durations: those of RPC and messaging, and the application's own by their name. */
export function operationOfDuration(metric: string, attributes: Attributes): Operation {
  const known = operationOfMetric(metric, attributes);
  if (known !== undefined) return known;
  const [, family, side] = /^(rpc|messaging)\.(\w+)/.exec(metric) ?? [];
  const failed = attributes['error.type'] !== undefined || (family === 'rpc' && rpcFailed(attributes, side!));
  const statusClass = failed ? 'error' : 'ok';
  if (family === undefined) return { kind: 'internal', name: bound(metric, LIMITS.name), statusClass };
  if (family === 'messaging') {
    const what = text(attributes['messaging.operation.name'] ?? attributes['messaging.operation']) ?? side!;
    const where = text(attributes['messaging.destination.name'] ?? attributes['messaging.destination']);
    return { kind: 'messaging', name: where === undefined ? what : `${what} ${where}`, statusClass };
  }
  const name = text([attributes['rpc.service'], attributes['rpc.method']].filter(Boolean).join('/')) ?? 'rpc';
  return { kind: side === 'server' ? 'server' : 'client', name, statusClass, peer: peerOf(attributes) };
}

/**
 * Of gRPC's codes: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS ("Semantic conventions for
 * gRPC", status of server spans).
 */
export function isFaultOfGrpcServer(code: number): boolean {
  return [2, 4, 12, 13, 14, 15].includes(code);
}

/** By the old names, which stand where error.type does now. Of gRPC's codes any is an error for a client. */
function rpcFailed(attributes: Attributes, side: string): boolean {
  if (attributes['rpc.connect_rpc.error_code'] !== undefined || attributes['rpc.jsonrpc.error_code'] !== undefined)
    return true;
  const code = Number(attributes['rpc.grpc.status_code'] ?? 0);
  return side === 'server' ? isFaultOfGrpcServer(code) : code > 0;
}

/** Our own metric: seconds of spans that nobody else measures (the programmer's own, databases, messages). */
export const SPAN_DURATION = 'rowtrace.span.duration';
