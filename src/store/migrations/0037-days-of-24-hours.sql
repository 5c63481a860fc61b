-- Latencies in sessions whose time zone has summer time: a day is 24 hours everywhere. Between 29 and 31 March 2026 Berlin
-- counted 146 of 143. The columns of a heat map are read one by one, since a day that was rolled up would all fall into one.

create or replace function {schema}.latency_borders(since timestamptz, until timestamptz)
returns table (hours_from timestamptz, days_from timestamptz, days_to timestamptz, hours_to timestamptz)
language sql stable parallel safe as $$
  with level as (
    select
      max(done_until) filter (where level = 'hours') as hours_done, max(done_until) filter (where level = 'days') as days_done,
      max(kept_from) filter (where level = 'minutes') as minutes_from, max(kept_from) filter (where level = 'hours') as kept_hours_from
    from {schema}.latency_levels
  ), hours as (
    select level.*,
      date_trunc('hour', since + interval '1 hour' - interval '1 microsecond', 'UTC') as low,
      least(hours_done, date_trunc('hour', until + case when until <= minutes_from then interval '1 hour' - interval '1 microsecond' else interval '0' end, 'UTC')) as high
    from level
  ), days as (
    select hours.*,
      date_trunc('day', since + interval '24 hours' - interval '1 microsecond', 'UTC') as day_low,
      least(days_done, date_trunc('day', until + case when until <= kept_hours_from then interval '24 hours' - interval '1 microsecond' else interval '0' end, 'UTC')) as day_high
    from hours
  )
  select
    case when low < high then low else until end,
    case when low < high then case when day_low < day_high then day_low else high end else until end,
    case when low < high then case when day_low < day_high then day_high else high end else until end,
    case when low < high then greatest(high, case when day_low < day_high then day_high else high end) else until end
  from days
$$;

create or replace function {schema}.latency_change(since timestamptz, until timestamptz default now())
returns table (
  service text, environment text, kind text, operation text, http_method text, peer text,
  count bigint, per_second double precision, error_share double precision, mean_ms double precision,
  p50_ms double precision, p90_ms double precision, p95_ms double precision, p99_ms double precision, max_ms double precision,
  count_before bigint, error_share_before double precision, p50_before_ms double precision, p95_before_ms double precision,
  p99_before_ms double precision, p95_change double precision
)
language sql stable parallel safe as $$
  select a.*, b.count, b.error_share, b.p50_ms, b.p95_ms, b.p99_ms, a.p95_ms / nullif(b.p95_ms, 0) - 1
  from {schema}.latency(since, until) a
  left join {schema}.latency(since - extract(epoch from until - since)::double precision * interval '1 second', since) b
    on (a.service, a.environment, a.kind, a.operation) = (b.service, b.environment, b.kind, b.operation)
    and a.http_method is not distinct from b.http_method and a.peer is not distinct from b.peer
$$;

create or replace function {schema}.latency_heatmap(
  since timestamptz, until timestamptz, step interval,
  of_operation text default null, of_kind text default null, of_service text default null
)
returns table (
  at timestamptz, lower_ms double precision, upper_ms double precision, count bigint, trace_id text, trace_errors bigint
)
language sql stable parallel safe as $$
  with span as (
    select
      since + (n * extract(epoch from step))::double precision * interval '1 second' as at,
      least(since + ((n + 1) * extract(epoch from step))::double precision * interval '1 second', until) as ends
    from generate_series(0, ceil(extract(epoch from until - since) / extract(epoch from step))::int - 1) n
  ), column_ as (
    select span.at, {schema}.hist_merge(l.h) as h
    from span cross join lateral {schema}.latency_between(span.at, span.ends) l
    where (of_operation is null or l.operation = of_operation) and (of_kind is null or l.kind = of_kind)
      and (of_service is null or l.service = of_service)
    group by 1
  ), cell as (
    -- Two cells to a doubling, as many as a person can tell apart.
    select column_.at, case when b.upper > 0 then ceil(round((ln(b.upper) / ln(2.0::double precision) * 2)::numeric, 9))::int end as row, sum(b.count)::bigint as count
    from column_ cross join lateral {schema}.hist_buckets(column_.h) b
    group by 1, 2
  ), example as (
    select date_bin(step, e.bucket_start, since) as at, ceil(ln(nullif(greatest(e.latency_ms, 0), 0) / 1000) / ln(2.0::double precision) * 2)::int as row, max(e.trace_id) as trace_id
    from {schema}.latency_exemplars e
    where e.bucket_start >= since and e.bucket_start < until
      and (of_operation is null or e.operation = of_operation) and (of_kind is null or e.kind = of_kind)
      and (of_service is null or e.service = of_service)
    group by 1, 2
  )
  select cell.at,
    coalesce(power(2.0::double precision, (cell.row - 1) / 2.0::double precision) * 1000, 0),
    coalesce(power(2.0::double precision, cell.row / 2.0::double precision) * 1000, 0), cell.count, example.trace_id,
    (select count(*) from {schema}.error_logs e where e.trace_id = example.trace_id and e.created_at >= since - interval '1 hour' and e.created_at < until + interval '1 hour')
  from cell left join example on example.at = cell.at and example.row = cell.row
$$;
