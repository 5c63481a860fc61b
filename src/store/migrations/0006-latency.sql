-- latency(since, until): what a person asks of the histograms.

create function {schema}.latency(since timestamptz, until timestamptz default now())
returns table (
  service text, environment text, kind text, operation text, http_method text, peer text,
  count bigint, per_second double precision, error_share double precision, mean_ms double precision,
  p50_ms double precision, p90_ms double precision, p95_ms double precision, p99_ms double precision, max_ms double precision
)
language sql stable parallel safe as $$
  with merged as (
    select
      l.service, l.environment, l.kind, l.operation, l.http_method, l.peer,
      {schema}.hist_merge({schema}.hist(l)) as h,
      -- An HTTP client sees 4xx as an error, a server does not (OpenTelemetry semantic conventions for HTTP spans).
      coalesce(sum(l.count) filter (
        where l.status_class in ('5xx', 'error') or (l.status_class = '4xx' and l.kind = 'client')
      ), 0) as errors
    from {schema}.latency_histograms l
    where l.bucket_start >= since and l.bucket_start < until
    group by 1, 2, 3, 4, 5, 6
  ), asked as (
    select merged.*, {schema}.hist_quantiles(h, '{0.5,0.9,0.95,0.99}') as q from merged where (h).count > 0
  )
  select
    service, environment, kind, operation, http_method, peer,
    (h).count,
    (h).count / nullif(extract(epoch from until - since), 0)::double precision,
    (errors / (h).count)::double precision,
    (h).sum / (h).count * 1000,
    q[1] * 1000, q[2] * 1000, q[3] * 1000, q[4] * 1000, (h).max * 1000
  from asked
$$;
comment on function {schema}.latency(timestamptz, timestamptz) is 'Per operation: count, rate, share of errors, mean, percentiles and maximum in milliseconds. select * from latency(now() - interval ''1 hour'') order by p99_ms desc.';
