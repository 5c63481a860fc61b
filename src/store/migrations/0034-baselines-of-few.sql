-- What is usual for operations of which an hour has few spans: two more spans of the past between the same hour of past days
-- and the last day. Only what is chosen is merged; counts choose.

comment on column {schema}.latency_baselines.source is 'week: the same hour of the last four weeks; days: the same hour of the last seven days; near: the same hour of the last four weeks and two hours before and after; month: the last 28 days; day: the last 24 hours.';

-- Of the spans of the past the first that has enough to judge by; failures are judged by nobody.
create or replace function {schema}.latency_baselines_at(at timestamptz, least_count int default 300)
returns setof {schema}.latency_baselines
language sql stable parallel safe as $$
  with this as (
    select date_trunc('hour', at, 'UTC') as hour
  ), past as (
    select this.hour - n * interval '24 hours' as hour, 1 as rank from this, generate_series(7, 28, 7) n
    union all
    select this.hour - n * interval '24 hours', 2 from this, generate_series(1, 7) n
    union all
    select this.hour - week * interval '168 hours' + n * interval '1 hour', 3
    from this, generate_series(1, 4) week, generate_series(-2, 2) n
    union all
    select this.hour - n * interval '1 hour', 5 from this, generate_series(1, 24) n
  ), found as (
    select l.*, past.rank, 1 as hours from past join {schema}.latency_hours l on l.bucket_start = past.hour
    union all
    select l.*, 4, 24 from this join {schema}.latency_days l
      on l.bucket_start >= this.hour - interval '672 hours' and l.bucket_start < date_trunc('day', this.hour, 'UTC')
  ), counted as (
    select found.*, sum(count) over (partition by service, environment, kind, operation, http_method, peer, rank) as together
    from found
    where not {schema}.is_failure(kind, status_class)
  ), chosen as (
    select counted.*,
      min(rank) filter (where together >= least_count) over (partition by service, environment, kind, operation, http_method, peer) as best
    from counted
  ), merged as (
    select service, environment, kind, operation, http_method, peer, rank, count(distinct bucket_start)::int * min(hours) as hours,
      {schema}.hist_merge(row(scale, zero_count, bucket_offset, counts, count, sum, min, max)::{schema}.histogram) as h
    from chosen
    where rank = best
    group by 1, 2, 3, 4, 5, 6, 7
  )
  select this.hour, service, environment, kind, operation, http_method, peer, ('{week,days,near,month,day}'::text[])[rank], (h).count,
    hours, q[1] * 1000, q[2] * 1000, q[3] * 1000
  from this cross join merged cross join lateral (select {schema}.hist_quantiles(h, '{0.5,0.9,0.99}') as q offset 0) asked
$$;
