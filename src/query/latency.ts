// How fast is what? Per operation over a period, from the histograms; the SQL function latency() says the same.

import type { OperationKind } from '../record/fact.ts';
import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';
import { Conditions } from './conditions.ts';

export interface OperationLatency {
  service: string;
  environment: string;
  kind: OperationKind;
  operation: string;
  http_method: string | null;
  peer: string | null;
  count: number;
  per_second: number;
  /** 0 to 1. */
  error_share: number;
  mean_ms: number;
  p50_ms: number;
  p90_ms: number;
  p95_ms: number;
  p99_ms: number;
  max_ms: number;
}

export interface LatencyQuery {
  since: Date;
  /** Default: now. */
  until?: Date;
  service?: string;
  kind?: OperationKind;
  /** Default: 100. */
  limit?: number;
}

/** Those that took the most time in all come first. */
export function latencyByOperation(db: Queryable, schema: string, query: LatencyQuery): Promise<OperationLatency[]> {
  const where = new Conditions();
  const period = [query.since, query.until ?? new Date()].map((time) => where.value(time.toISOString()));
  if (query.service) where.add('service = $?', query.service);
  if (query.kind) where.add('kind = $?', query.kind);
  return db.query<OperationLatency>(
    `select * from ${quoteName(schema)}.latency(${period[0]}::timestamptz, ${period[1]}::timestamptz) ${where.clause}
     order by count * mean_ms desc, service, operation limit ${where.value(query.limit ?? 100)}`,
    where.values,
  );
}
