// Columns that several kinds of rows share: what a request, a resource or an id becomes. Fact fields in, column values
// out; a value of the wrong type is left out (null in the table), since it is never worth the row.

import type { RequestFacts, ResourceFact } from './fact.ts';
import { cut, LIMITS } from './limits.ts';

const MAX_INTEGER = 2_147_483_647;

export function optionalText(value: unknown, max: number): string | undefined {
  return typeof value === 'string' && value !== '' ? cut(value, max) : undefined;
}

/** Fits Postgres integer; fractions are rounded. */
export function optionalInteger(value: unknown, min = 0, max = MAX_INTEGER): number | undefined {
  if (typeof value !== 'number' || Number.isNaN(value)) return undefined;
  const rounded = Math.round(value);
  return rounded < min ? undefined : Math.min(rounded, max);
}

export interface RequestColumns {
  route?: string;
  http_method?: string;
  http_status?: number;
  latency_ms?: number;
  request_id?: string;
  session_id?: string;
  user_id?: string;
}

export function requestColumns(fact: RequestFacts): RequestColumns {
  return {
    route: optionalText(fact.route, LIMITS.name),
    http_method: optionalText(fact.method, LIMITS.method),
    http_status: httpStatus(fact.status),
    latency_ms: optionalInteger(fact.latency),
    request_id: optionalText(fact.requestId, LIMITS.id),
    session_id: optionalText(fact.sessionId, LIMITS.id),
    user_id: optionalText(fact.userId, LIMITS.id),
  };
}

function httpStatus(value: unknown): number | undefined {
  const status = optionalInteger(value);
  return status !== undefined && status >= 100 && status <= 999 ? status : undefined;
}

export interface PlaceColumns {
  service: string;
  environment: string;
  release_version?: string;
}

export function placeColumns(resource: ResourceFact): PlaceColumns {
  return {
    service: optionalText(resource?.service, LIMITS.name) ?? 'unknown_service',
    environment: optionalText(resource?.environment, LIMITS.name) ?? 'unknown',
    release_version: optionalText(resource?.release, LIMITS.id),
  };
}

/** Trace and span ids (W3C Trace Context: lower-case hex, not all zero). */
export function traceColumns(fact: { traceId?: unknown; spanId?: unknown }): { trace_id?: string; span_id?: string } {
  return { trace_id: hexId(fact.traceId, 32), span_id: hexId(fact.spanId, 16) };
}

function hexId(value: unknown, length: number): string | undefined {
  if (typeof value !== 'string' || value.length !== length || !/^[0-9a-f]+$/i.test(value)) return undefined;
  return /^0+$/.test(value) ? undefined : value.toLowerCase();
}

/** Without the keys that have no value, so that "only the given columns change" can be read off the object. */
export function given<T extends object>(columns: T): T {
  const result = {} as T;
  for (const name in columns) if (columns[name] !== undefined) result[name] = columns[name];
  return result;
}
