// How fast is what? Per operation over a period, from the histograms; beside as long a time before; the SQL function latency_change() says the same.

import type { OperationKind } from '../record/fact.ts';
import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';
import { Conditions } from './conditions.ts';

/** What histograms are kept apart by. */
interface Measured {
  service: string;
  environment: string;
  kind: OperationKind;
  operation: string;
  http_method: string | null;
  peer: string | null;
}

export interface OperationLatency extends Measured {
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
  /** Against as long a time before: 0.5 is half as slow again; null where there was nothing. */
  p95_change: number | null;
  count_before: number | null;
  error_share_before: number | null;
  p50_before_ms: number | null;
  p95_before_ms: number | null;
  p99_before_ms: number | null;
  /**
   * The 95th percentile in milliseconds in each of twelve equal parts of the span (to the hour, from 12 hours on), oldest
   * first; 0 where there was nothing.
   */
  p95_trend: number[];
}

export interface LatencyQuery {
  since: Date;
  /** Default: now. */
  until?: Date;
  service?: string;
  kind?: OperationKind;
  /** "/dogs/:id", "GET /dogs/:id", or as rows of slow spans say it: "SELECT postgresql app", "GET http api.example". */
  operation?: string;
  /** Default: 100. */
  limit?: number;
}

/** Those that took the most time in all come first. */
export function latencyByOperation(db: Queryable, schema: string, query: LatencyQuery): Promise<OperationLatency[]> {
  const name = quoteName(schema);
  const end = query.until ?? new Date();
  const { where, period } = conditionsOf({ ...query, until: end });
  const [since, until] = period;
  const before = `${where.value(new Date(2 * query.since.getTime() - end.getTime()).toISOString())}::timestamptz`;
  const limit = where.value(query.limit ?? 100);
  const shown = `${where.clause || 'where true'} and operation = any (array(select operation from place))`;
  // Sums tell which operations come within the limit, to the last digit since each sum is of sorted numbers; only theirs are
  // merged, which takes most of the time: 80 µs each, twice.
  return db.query<OperationLatency>(
    `with total as (
       select service, operation, sum(count)::bigint as n, sum((h).sum order by (h).sum) filter (where count > 0) as seconds
       from ${name}.latency_between(${since}, ${until}) ${where.clause}
       group by service, environment, kind, operation, http_method, peer having sum(count) > 0
     ), place as (
       select operation from total order by n * (seconds / n * 1000) desc, service, operation limit ${limit}
     ), shown as (
       select a.*, b.count as count_before, b.error_share as error_share_before, b.p50_ms as p50_before_ms,
         b.p95_ms as p95_before_ms, b.p99_ms as p99_before_ms, a.p95_ms / nullif(b.p95_ms, 0) - 1 as p95_change
       from (select * from ${name}.latency(${since}, ${until}) ${shown}) a
       left join (select * from ${name}.latency(${before}, ${since}) ${shown}) b
         on (a.service, a.environment, a.kind, a.operation) = (b.service, b.environment, b.kind, b.operation)
         and a.http_method is not distinct from b.http_method and a.peer is not distinct from b.peer
       order by a.count * a.mean_ms desc, a.service, a.operation limit ${limit}
     ), border as (
       -- Parts of an hour and more begin with one, which is a row then and not sixty: a day of 200 operations in five
       -- processes took 3.8 to 8.8 s, and takes 1.8 to 2.4.
       select at, case when width >= interval '1 hour' and at between 1 and 11
         then date_trunc('hour', ${since} + at * width + interval '30 minutes', 'UTC') else ${since} + at * width end as border
       from generate_series(0, 12) at,
         (select extract(epoch from ${until} - ${since})::float8 / 12 * interval '1 second' as width) each
     ), span as (
       select at, border as low, lead(border) over (order by at) as high from border
     ), part as (
       select service, environment, kind, operation, http_method, peer, at,
         ${name}.hist_quantile(${name}.hist_merge(h), 0.95) * 1000 as p95
       from (select * from span where at < 12) span cross join lateral (
         select * from ${name}.latency_between(low, high) ${where.clause}
       ) l
       where exists (
         -- Merging takes most of the time, and twelve parts of an operation more than the operation itself.
         select from shown
         where (shown.service, shown.environment, shown.kind, shown.operation) = (l.service, l.environment, l.kind, l.operation)
           and shown.http_method is not distinct from l.http_method and shown.peer is not distinct from l.peer
       )
       group by 1, 2, 3, 4, 5, 6, 7
     ), trend as (
       select service, environment, kind, operation, http_method, peer, jsonb_object_agg(at, p95) as parts
       from part group by 1, 2, 3, 4, 5, 6
     )
     select shown.*, (
       select array_agg(coalesce((trend.parts ->> at::text)::float8, 0) order by at) from generate_series(0, 11) at
     ) as p95_trend
     from shown left join trend
       on (shown.service, shown.environment, shown.kind, shown.operation) = (trend.service, trend.environment, trend.kind, trend.operation)
       and shown.http_method is not distinct from trend.http_method and shown.peer is not distinct from trend.peer
     order by shown.count * shown.mean_ms desc, shown.service, shown.operation`,
    where.values,
  );
}

export interface ReleaseLatency extends Measured {
  release_version: string | null;
  first_seen: Date | string;
  count: number;
  error_share: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
  max_ms: number;
  release_before: string | null;
  count_before: number | null;
  p50_before_ms: number | null;
  p95_before_ms: number | null;
  /** Against the release before: 0.5 is half as slow again; null for the first. */
  p95_change: number | null;
}

/** Releases of an operation stand together, the newest first; operations that took the most calls come first. */
export function latencyByRelease(db: Queryable, schema: string, query: LatencyQuery): Promise<ReleaseLatency[]> {
  const name = quoteName(schema);
  const { where, period } = conditionsOf(query);
  const limit = where.value(query.limit ?? 100);
  // Counts tell which operations come within the limit; only theirs are merged, which takes most of the time.
  return db.query<ReleaseLatency>(
    `with release as (
       select service, environment, kind, operation, http_method, peer, release_version, sum(count) as count
       from ${name}.latency_between(${period.join(', ')}) ${where.clause}
       group by 1, 2, 3, 4, 5, 6, 7 having sum(count) > 0
     ), place as (
       select operation, sum(count(*)) over (
         order by sum(count) desc, service, environment, kind, operation, http_method, peer rows unbounded preceding
       ) - count(*) as before
       from release group by service, environment, kind, operation, http_method, peer
     )
     select * from ${name}.latency_releases(${period.join(', ')}) ${where.clause || 'where true'}
       and operation = any (array(select operation from place where before < ${limit}))
     order by sum(count) over (partition by service, environment, kind, operation, http_method, peer) desc,
       service, environment, kind, operation, http_method, peer, first_seen desc, release_version desc
     limit ${limit}`,
    where.values,
  );
}

/** The span asked for, and what restricts the operations. */
export function conditionsOf(query: LatencyQuery): { where: Conditions; period: [since: string, until: string] } {
  const where = new Conditions();
  const place = (time: Date) => `${where.value(time.toISOString())}::timestamptz`;
  const period: [string, string] = [place(query.since), place(query.until ?? new Date())];
  if (query.service) where.add('service = $?', query.service);
  if (query.kind) where.add('kind = $?', query.kind);
  if (query.operation)
    where.add(
      `$? in (operation, concat_ws(' ', http_method, operation), concat_ws(' ', http_method, operation, peer),
         case when operation = 'http' then concat_ws(' ', http_method, peer) end)`,
      query.operation,
    );
  return { where, period };
}
