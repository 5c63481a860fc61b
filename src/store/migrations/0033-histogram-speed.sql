-- hist_merge_all and hist_quantiles again, the same results in less time: buckets are taken apart in the select list, not by a
-- join with a function for each histogram, and sums stay integers (a comparison of numeric and float8 goes by way of text).
-- 16,600 histograms of 60 buckets in 200 groups: merged in 0.25 s instead of 0.34, asked for three quantiles in 0.02 s instead
-- of 0.06 (Postgres 15). One statement over all groups without the aggregate takes as long, so there is one way to merge.

create or replace function {schema}.hist_merge_all(histograms {schema}.histogram[]) returns {schema}.histogram
language sql immutable parallel safe as $$
  with total as (
    select min(scale) as scale, sum(zero_count)::bigint as zero_count, sum(count)::bigint as count, sum(sum) as sum,
      min(min) as min, max(max) as max
    from unnest(histograms)
    where count > 0
  ), bucket as (
    select index >> down as index, sum(n)::bigint as n
    from (
      select scale - (select scale from total) as down, unnest(counts) as n,
        generate_series(bucket_offset, bucket_offset + cardinality(counts) - 1) as index
      from unnest(histograms)
      where count > 0
    ) cell
    where n > 0
    group by 1
  ), span as (
    select min(index) as first, max(index) as last from bucket
  ), fit as (
    select min(d) as down from span, generate_series(0, 32) d where span.last is null or (span.last >> d) - (span.first >> d) < 160
  ), merged as (
    select index >> down as index, sum(n)::bigint as n from bucket cross join fit group by 1
  ), dense as (
    select array_agg(coalesce(n, 0) order by i) as counts, min(i) as first
    from span cross join fit cross join generate_series(first >> down, last >> down) i left join merged on index = i
  )
  select row(scale - down, zero_count, coalesce(first, 0), coalesce(counts, '{}'), count, sum, min, max)::{schema}.histogram
  from total cross join fit cross join dense
  where scale is not null
$$;

-- The value below which a share q of all values lies. Inside a bucket values are taken as spread evenly on the exponential
-- scale; the error is at most one bucket width. Exact at the ends, which min and max know.
create or replace function {schema}.hist_quantiles(h {schema}.histogram, quantiles double precision[]) returns double precision[]
language sql immutable parallel safe as $$
  with bucket as (
    select index, n, (h).zero_count + (sum(n) over (order by index rows unbounded preceding))::bigint as upto
    from (
      select unnest((h).counts) as n, generate_series((h).bucket_offset, (h).bucket_offset + cardinality((h).counts) - 1) as index
    ) cell
    where n > 0
  )
  select array_agg(
    case
      when q is null or coalesce((h).count, 0) = 0 then null
      when q <= 0 then coalesce((h).min, value)
      when q >= 1 then coalesce((h).max, value)
      else least(greatest(value, (h).min), (h).max)
    end order by nr)
  from (
    select nr, q, coalesce(
      power(2::double precision, (index + (rank - (upto - n)) / n) * power(2::double precision, -(h).scale)), 0) as value
    from (
      select nr, q, least(greatest(q, 0), 1) * (h).count as rank from unnest(quantiles) with ordinality as u (q, nr)
    ) asked left join bucket on upto - n < rank and rank <= upto
  ) found
$$;

-- Without `offset 0` hist_quantiles is called once for each of its elements.
create or replace function {schema}.latency(since timestamptz, until timestamptz default now())
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

create or replace function {schema}.latency_releases(since timestamptz, until timestamptz default now())
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
