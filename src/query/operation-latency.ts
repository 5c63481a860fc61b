// One operation in detail: how its latencies are distributed, which traces show it, and the slowest calls that were kept.

import type { OperationKind } from '../record/fact.ts';
import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';
import { Conditions } from './conditions.ts';
import { conditionsOf, type LatencyQuery } from './latency.ts';

/** All that goes by the name (methods, services, peers) merged into one. */
export interface Distribution {
  count: number;
  scale: number;
  /** p50, p75, p90, p95, p99, p99.9 and the slowest. */
  quantiles_ms: number[];
  /** Ascending; of zeros both bounds are 0. */
  buckets: { lower_ms: number; upper_ms: number; count: number }[];
}

export const QUANTILES = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1] as const;

export interface Exemplar {
  latency_ms: number;
  ended_at: Date | string;
  trace_id: string;
  status_class: string | null;
  /** Error rows of the trace. */
  errors: number;
}

export interface SlowCall {
  created_at: Date | string;
  latency_ms: number;
  http_method: string | null;
  route: string | null;
  peer: string | null;
  http_status: number | null;
  request_id: string | null;
  trace_id: string | null;
}

export type OperationQuery = LatencyQuery & { operation: string };

/** Nothing when nothing was measured in that time. */
export async function distributionOf(
  db: Queryable,
  schema: string,
  query: OperationQuery,
): Promise<Distribution | undefined> {
  const name = quoteName(schema);
  const { where, period } = conditionsOf(query);
  const [found] = await db.query<Distribution>(
    `with merged as materialized (
       select ${name}.hist_merge(h) as h from ${name}.latency_between(${period.join(', ')}) ${where.clause}
     )
     select (h).count::float8 as count, (h).scale, (
       select array_agg(q * 1000 order by nr)
       from unnest(${name}.hist_quantiles(h, ${where.value(QUANTILES)}::float8[])) with ordinality as u (q, nr)
     ) as quantiles_ms, (
       select jsonb_agg(jsonb_build_object('lower_ms', lower * 1000, 'upper_ms', upper * 1000, 'count', count) order by upper)
       from ${name}.hist_buckets(h)
     ) as buckets
     from merged where (h).count > 0`,
    where.values,
  );
  return found;
}

/** Newest first. */
export function exemplarsOf(
  db: Queryable,
  schema: string,
  { limit = 500, ...query }: OperationQuery,
): Promise<Exemplar[]> {
  const name = quoteName(schema);
  const { where, period } = conditionsOf(query);
  where.add(`bucket_start >= ${period[0]} and bucket_start < ${period[1]}`);
  // Of a difference the planner knows nothing, and plans for every day that is kept.
  const hourBefore = new Date(query.since.getTime() - 3_600_000);
  return db.query<Exemplar>(
    `with newest as (
       select latency_ms, ended_at, trace_id, status_class from ${name}.latency_exemplars
       ${where.clause}
       order by bucket_start desc, ended_at desc limit ${where.value(limit)}
     ), failed as (
       select trace_id, count(*)::int as errors from ${name}.error_logs
       where trace_id in (select trace_id from newest) and created_at >= ${where.value(hourBefore.toISOString())}
       group by 1
     )
     select newest.*, coalesce(failed.errors, 0) as errors from newest left join failed using (trace_id) order by ended_at desc`,
    where.values,
  );
}

/** What a call is to the process that tells of it; of other kinds no calls are kept. */
const DIRECTIONS: Partial<Record<OperationKind, string>> = {
  server: 'inbound',
  client: 'outbound',
  internal: 'outbound',
};

/**
 * Of the calls that were kept: slow and failed ones are always among them. A call out without a route is named by its method
 * (and peer), one of trackLatency by its name.
 */
export async function slowestCalls(
  db: Queryable,
  schema: string,
  { since, until = new Date(), service, kind, operation, limit = 10 }: OperationQuery,
): Promise<SlowCall[]> {
  const where = new Conditions();
  where.add('created_at >= $?', since.toISOString());
  where.add('created_at < $?', until.toISOString());
  where.add(
    `latency_ms is not null
       and ($? in (coalesce(route, http_method), concat_ws(' ', http_method, route), tags ->> 'span.name') or route is null and $? in (
         concat_ws(' ', http_method, 'http'), concat_ws(' ', http_method, 'http', peer), concat_ws(' ', http_method, peer)))`,
    operation,
  );
  if (service) where.add('service = $?', service);
  if (kind) {
    const direction = DIRECTIONS[kind];
    if (direction === undefined) return [];
    where.add('direction = $?', direction);
  }
  return db.query<SlowCall>(
    `select created_at, latency_ms, http_method, route, peer, http_status, request_id, trace_id
     from ${quoteName(schema)}.http_calls ${where.clause}
     order by latency_ms desc, created_at desc limit ${where.value(limit)}`,
    where.values,
  );
}
