-- The same baselines in less time: which past is taken is decided on counts alone, before any histogram is looked at.
-- Of 1,000 operations in 4.6 s instead of 7.8 (median of four rounds, two cores with a load of 20; statements have 8 s).

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
  ), found as not materialized (
    select l.*, past.rank, 1 as hours from past join {schema}.latency_hours l on l.bucket_start = past.hour
    where not {schema}.is_failure(l.kind, l.status_class)
    union all
    select l.*, 4, 24 from this join {schema}.latency_days l
      on l.bucket_start >= this.hour - interval '672 hours' and l.bucket_start < date_trunc('day', this.hour, 'UTC')
    where not {schema}.is_failure(l.kind, l.status_class)
  ), counted as (
    select service, environment, kind, operation, http_method, peer, rank
    from found
    group by 1, 2, 3, 4, 5, 6, 7
    having sum(count) >= least_count
  ), chosen as materialized (
    select service, environment, kind, operation, http_method, peer, min(rank) as best from counted group by 1, 2, 3, 4, 5, 6
  ), merged as (
    select f.service, f.environment, f.kind, f.operation, f.http_method, f.peer, f.rank,
      count(distinct f.bucket_start)::int * min(f.hours) as hours,
      {schema}.hist_merge(row(f.scale, f.zero_count, f.bucket_offset, f.counts, f.count, f.sum, f.min, f.max)::{schema}.histogram) as h
    from chosen c join found f
      on (f.service, f.environment, f.kind, f.operation, f.rank) = (c.service, c.environment, c.kind, c.operation, c.best)
      and f.http_method is not distinct from c.http_method and f.peer is not distinct from c.peer
    group by 1, 2, 3, 4, 5, 6, 7
  )
  select this.hour, service, environment, kind, operation, http_method, peer, ('{week,days,near,month,day}'::text[])[rank], (h).count,
    hours, q[1] * 1000, q[2] * 1000, q[3] * 1000
  from this cross join merged cross join lateral (select {schema}.hist_quantiles(h, '{0.5,0.9,0.99}') as q offset 0) asked
$$;
