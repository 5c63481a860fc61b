-- What two years of days ask for, once more: a heat map and baselines are planned for the days that they are of.

-- As in 0014, executed with the values: of `since - interval` the planner knows nothing, and all days of error_logs were locked
-- and planned for (5,254 locks for two years).
create or replace function {schema}.latency_heatmap(
  since timestamptz, until timestamptz, step interval,
  of_operation text default null, of_kind text default null, of_service text default null
)
returns table (
  at timestamptz, lower_ms double precision, upper_ms double precision, count bigint, trace_id text, trace_errors bigint
)
language plpgsql stable parallel safe as $$
begin
  return query execute $statement$
    with span as (
      select
        $1 + (n * extract(epoch from $3))::double precision * interval '1 second' as at,
        least($1 + ((n + 1) * extract(epoch from $3))::double precision * interval '1 second', $2) as ends
      from generate_series(0, ceil(extract(epoch from $2 - $1) / extract(epoch from $3))::int - 1) n
    ), column_ as (
      select span.at, {schema}.hist_merge(l.h) as h
      from span cross join lateral {schema}.latency_between(span.at, span.ends) l
      where ($4 is null or l.operation = $4) and ($5 is null or l.kind = $5)
        and ($6 is null or l.service = $6)
      group by 1
    ), cell as (
      -- Two cells to a doubling, as many as a person can tell apart.
      select column_.at, case when b.upper > 0 then ceil(round((ln(b.upper) / ln(2.0::double precision) * 2)::numeric, 9))::int end as row, sum(b.count)::bigint as count
      from column_ cross join lateral {schema}.hist_buckets(column_.h) b
      group by 1, 2
    ), example as (
      select date_bin($3, e.bucket_start, $1) as at, ceil(ln(nullif(greatest(e.latency_ms, 0), 0) / 1000) / ln(2.0::double precision) * 2)::int as row, max(e.trace_id) as trace_id
      from {schema}.latency_exemplars e
      where e.bucket_start >= $1 and e.bucket_start < $2
        and ($4 is null or e.operation = $4) and ($5 is null or e.kind = $5)
        and ($6 is null or e.service = $6)
      group by 1, 2
    )
    select cell.at,
      coalesce(power(2.0::double precision, (cell.row - 1) / 2.0::double precision) * 1000, 0),
      coalesce(power(2.0::double precision, cell.row / 2.0::double precision) * 1000, 0), cell.count, example.trace_id,
      (select count(*) from {schema}.error_logs e where e.trace_id = example.trace_id and e.created_at >= $7 and e.created_at < $8)
    from cell left join example on example.at = cell.at and example.row = cell.row
  $statement$
  using since, until, step, of_operation, of_kind, of_service, since - interval '1 hour', until + interval '1 hour';
end $$;

-- As in 0015, of the fifty hours that are asked for alone. Joined to a list of them all hours that are kept were read, twice an hour
-- (400 days, 150 operations an hour: 6 s under load, where 8 s is the most).
create or replace function {schema}.latency_baselines_at(at timestamptz, least_count int default 300)
returns setof {schema}.latency_baselines
language plpgsql stable parallel safe as $$
declare
  this timestamptz := date_trunc('hour', at, 'UTC');
  hours timestamptz[] := array(
    select this - ago * interval '1 hour'
    from (
      select n from generate_series(1, 24) n
      union
      select n * 24 from generate_series(1, 7) n
      union
      select week * 168 + n from generate_series(1, 4) week, generate_series(-2, 2) n
    ) h (ago)
  );
begin
  return query execute $statement$
    with past as (
      select $1 - n * interval '24 hours' as hour, 1 as rank from generate_series(7, 28, 7) n
      union all
      select $1 - n * interval '24 hours', 2 from generate_series(1, 7) n
      union all
      select $1 - week * interval '168 hours' + n * interval '1 hour', 3
      from generate_series(1, 4) week, generate_series(-2, 2) n
      union all
      select $1 - n * interval '1 hour', 5 from generate_series(1, 24) n
    ), found as not materialized (
      select l.*, past.rank, 1 as hours from past join {schema}.latency_hours l on l.bucket_start = past.hour
      where l.bucket_start = any ($3) and not {schema}.is_failure(l.kind, l.status_class)
      union all
      select l.*, 4, 24 from {schema}.latency_days l
      where l.bucket_start >= $4 and l.bucket_start < $5 and not {schema}.is_failure(l.kind, l.status_class)
    ), counted as (
      select service, environment, kind, operation, http_method, peer, rank
      from found
      group by 1, 2, 3, 4, 5, 6, 7
      having sum(count) >= $2
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
    select $1, service, environment, kind, operation, http_method, peer, ('{week,days,near,month,day}'::text[])[rank], (h).count,
      hours, q[1] * 1000, q[2] * 1000, q[3] * 1000
    from merged cross join lateral (select {schema}.hist_quantiles(h, '{0.5,0.9,0.99}') as q offset 0) asked
  $statement$
  using this, least_count, hours, this - interval '672 hours', date_trunc('day', this, 'UTC');
end $$;
