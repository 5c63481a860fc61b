-- Reading latencies over any span of time, from the coarsest level that covers it.

-- Where one level ends and the next begins: minutes up to hours_from, hours up to days_from, days up to days_to, hours up to
-- hours_to, minutes. A row belongs to a span by its beginning, whatever its level, so spans that follow one another never
-- count anything twice. Where a finer level is no longer kept, the borders are those of the coarser one.
-- A day is 24 hours, also in sessions whose time zone has summer time.
create function {schema}.latency_borders(since timestamptz, until timestamptz)
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

create function {schema}.latency_between(since timestamptz, until timestamptz default now())
returns table (
  bucket_start timestamptz, service text, environment text, release_version text, kind text, operation text, http_method text,
  status_class text, peer text, count bigint, h {schema}.histogram
)
language sql stable parallel safe as $$
  with b as materialized (select * from {schema}.latency_borders(since, until))
  select bucket_start, service, environment, release_version, kind, operation, http_method, status_class, peer, count,
    row(scale, zero_count, bucket_offset, counts, count, sum, min, max)::{schema}.histogram
  from {schema}.latency_histograms
  where bucket_start >= since and bucket_start < least((select hours_from from b), until)
  union all
  select bucket_start, service, environment, release_version, kind, operation, http_method, status_class, peer, count,
    row(scale, zero_count, bucket_offset, counts, count, sum, min, max)::{schema}.histogram
  from {schema}.latency_histograms
  where bucket_start >= (select hours_to from b) and bucket_start < until
  union all
  select bucket_start, service, environment, release_version, kind, operation, http_method, status_class, peer, count,
    row(scale, zero_count, bucket_offset, counts, count, sum, min, max)::{schema}.histogram
  from {schema}.latency_hours
  where bucket_start >= (select hours_from from b) and bucket_start < (select days_from from b)
  union all
  select bucket_start, service, environment, release_version, kind, operation, http_method, status_class, peer, count,
    row(scale, zero_count, bucket_offset, counts, count, sum, min, max)::{schema}.histogram
  from {schema}.latency_hours
  where bucket_start >= (select days_to from b) and bucket_start < (select hours_to from b)
  union all
  select bucket_start, service, environment, release_version, kind, operation, http_method, status_class, peer, count,
    row(scale, zero_count, bucket_offset, counts, count, sum, min, max)::{schema}.histogram
  from {schema}.latency_days
  where bucket_start >= (select days_from from b) and bucket_start < (select days_to from b)
$$;
comment on function {schema}.latency_between(timestamptz, timestamptz) is 'The histograms of a span of time, from days, hours and minutes, for any grouping: select release_version, hist_quantile(hist_merge(h), 0.99) from latency_between(now() - interval ''1 day'') where operation = ''/dogs'' group by 1.';

-- An HTTP client sees 4xx as an error, a server does not (OpenTelemetry semantic conventions for HTTP spans).
create function {schema}.is_failure(kind text, status_class text) returns boolean
language sql immutable parallel safe as $$
  select coalesce(status_class in ('5xx', 'error') or (status_class = '4xx' and kind = 'client'), false)
$$;

-- Without `offset 0` hist_quantiles is called once for each of its elements.
create function {schema}.latency(since timestamptz, until timestamptz default now())
returns table (
  service text, environment text, kind text, operation text, http_method text, peer text,
  count bigint, per_second double precision, error_share double precision, mean_ms double precision,
  p50_ms double precision, p90_ms double precision, p95_ms double precision, p99_ms double precision, max_ms double precision
)
language sql stable parallel safe as $$
  with merged as (
    select
      l.service, l.environment, l.kind, l.operation, l.http_method, l.peer, {schema}.hist_merge(l.h) as h,
      coalesce(sum(l.count) filter (where {schema}.is_failure(l.kind, l.status_class)), 0) as errors
    from {schema}.latency_between(since, until) l
    group by 1, 2, 3, 4, 5, 6
  )
  select
    service, environment, kind, operation, http_method, peer,
    (h).count,
    (h).count / nullif(extract(epoch from until - since), 0)::double precision,
    (errors / (h).count)::double precision,
    (h).sum / (h).count * 1000,
    q[1] * 1000, q[2] * 1000, q[3] * 1000, q[4] * 1000, (h).max * 1000
  from merged cross join lateral (select {schema}.hist_quantiles(h, '{0.5,0.9,0.95,0.99}') as q offset 0) asked
  where (h).count > 0
$$;
comment on function {schema}.latency(timestamptz, timestamptz) is 'Per operation: count, rate, share of errors, mean, percentiles and maximum in milliseconds. select * from latency(now() - interval ''1 hour'') order by p99_ms desc.';

create function {schema}.latency_change(since timestamptz, until timestamptz default now())
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
comment on function {schema}.latency_change(timestamptz, timestamptz) is 'latency() beside the same length of time before: p95_change 0.5 is half as slow again.';

create function {schema}.latency_releases(since timestamptz, until timestamptz default now())
returns table (
  service text, environment text, kind text, operation text, http_method text, peer text, release_version text,
  first_seen timestamptz, count bigint, error_share double precision, p50_ms double precision, p95_ms double precision,
  p99_ms double precision, max_ms double precision, release_before text, count_before bigint, p50_before_ms double precision,
  p95_before_ms double precision, p95_change double precision
)
language sql stable parallel safe as $$
  with merged as (
    select
      l.service, l.environment, l.kind, l.operation, l.http_method, l.peer, l.release_version, min(l.bucket_start) as first_seen,
      {schema}.hist_merge(l.h) as h,
      coalesce(sum(l.count) filter (where {schema}.is_failure(l.kind, l.status_class)), 0) as errors
    from {schema}.latency_between(since, until) l
    group by 1, 2, 3, 4, 5, 6, 7
  )
  select
    service, environment, kind, operation, http_method, peer, release_version, first_seen,
    (h).count, (errors / (h).count)::double precision, q[1] * 1000, q[2] * 1000, q[3] * 1000, (h).max * 1000,
    lag(release_version) over w, lag((h).count) over w, lag(q[1]) over w * 1000, lag(q[2]) over w * 1000,
    q[2] / nullif(lag(q[2]) over w, 0) - 1
  from merged cross join lateral (select {schema}.hist_quantiles(h, '{0.5,0.95,0.99}') as q offset 0) asked
  where (h).count > 0
  window w as (partition by service, environment, kind, operation, http_method, peer order by first_seen, release_version)
$$;
comment on function {schema}.latency_releases(timestamptz, timestamptz) is 'Latencies by operation and release, each beside the release that was seen before it.';

create view {schema}.latency_exemplars as
select
  l.bucket_start, l.service, l.environment, l.release_version, l.kind, l.operation, l.http_method, l.status_class, l.peer,
  e.v * 1000 as latency_ms, to_timestamp(e.t / 1000.0) as ended_at, e.trace as trace_id, e.span as span_id
from {schema}.latency_histograms l
cross join lateral jsonb_to_recordset(l.exemplars) as e (v double precision, t double precision, trace text, span text)
where l.exemplars is not null;
comment on view {schema}.latency_exemplars is 'Traces to look at for a latency: where operation = ''/dogs'' and latency_ms between 800 and 1200. Their errors: error_logs of the same trace_id.';

-- Columns are read one by one, since a day that was rolled up would all fall into one.
-- Executed with the values: of `since - interval` the planner knows nothing, and all days of error_logs were locked
-- and planned for (5,254 locks for two years).
create function {schema}.latency_heatmap(
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
comment on function {schema}.latency_heatmap(timestamptz, timestamptz, interval, text, text, text) is 'Cells of a heat map (time × latency, two to a doubling) with a trace of each and how many error rows that trace has.';
