-- Functions on histograms, without extensions: merge, quantiles, count, sum, mean.

create type {schema}.histogram as (
  scale int, zero_count bigint, bucket_offset int, counts bigint[],
  count bigint, sum double precision, min double precision, max double precision
);

-- Merging lowers every histogram to the smallest scale (one step down: index >> 1, floor), then on until at most 160
-- buckets are needed, the size OpenTelemetry SDKs keep. Set-based: all rows of a group at once.
create function {schema}.hist_merge_all(histograms {schema}.histogram[]) returns {schema}.histogram
language sql immutable parallel safe as $$
  with h as (
    select u.* from unnest(histograms) u where u.count > 0
  ), lowest as (
    select min(scale) as scale from h
  ), bucket as (
    select (h.bucket_offset + b.at - 1) >> (h.scale - lowest.scale) as index, sum(b.n)::bigint as n
    from h cross join lowest cross join unnest(h.counts) with ordinality as b (n, at)
    where b.n > 0
    group by 1
  ), span as (
    select min(index) as first, max(index) as last from bucket
  ), fit as (
    select min(d) as down from span, generate_series(0, 32) d where span.last is null or (span.last >> d) - (span.first >> d) < 160
  ), merged as (
    select index >> fit.down as index, sum(n)::bigint as n from bucket cross join fit group by 1
  ), dense as (
    select array_agg(coalesce(m.n, 0) order by i) as counts, min(i) as first
    from span cross join fit cross join generate_series(span.first >> fit.down, span.last >> fit.down) i
    left join merged m on m.index = i
  )
  select row(
    lowest.scale - fit.down, sum(h.zero_count)::bigint, coalesce(dense.first, 0)::int, coalesce(dense.counts, '{}'),
    sum(h.count)::bigint, sum(h.sum), min(h.min), max(h.max)
  )::{schema}.histogram
  from h cross join lowest cross join fit cross join dense
  group by lowest.scale, fit.down, dense.first, dense.counts
$$;
comment on function {schema}.hist_merge_all({schema}.histogram[]) is 'One histogram of many; null when they are all empty.';

create function {schema}.hist_quantiles(h {schema}.histogram, quantiles double precision[]) returns double precision[]
language sql immutable parallel safe as $$
  -- The value below which a share q of all values lies. Inside a bucket values are taken as spread evenly on the
  -- exponential scale; the error is at most one bucket width. Exact at the ends, which min and max know.
  with bucket as (
    select (h).bucket_offset + at - 1 as index, n, (h).zero_count + sum(n) over (order by at) as upto
    from unnest((h).counts) with ordinality as b (n, at)
    where n > 0
  )
  select array_agg(
    case
      when q is null or coalesce((h).count, 0) = 0 then null
      when q <= 0 then coalesce((h).min, found.value)
      when q >= 1 then coalesce((h).max, found.value)
      else least(greatest(found.value, (h).min), (h).max)
    end order by nr)
  from unnest(quantiles) with ordinality as asked (q, nr)
  left join lateral (
    select coalesce(
      (
        select case
          when rank <= (h).zero_count then 0
          else power(2::double precision, (index + (rank - (upto - n)) / n) * power(2::double precision, -(h).scale))
        end
        from bucket
        where upto >= rank
        order by upto
        limit 1
      ), 0) as value
    from (select least(greatest(q, 0), 1) * (h).count as rank) r
  ) found on true
$$;
comment on function {schema}.hist_quantiles({schema}.histogram, double precision[]) is 'Several quantiles (0 to 1) of a histogram, in its unit: hist_quantiles(h, ''{0.5,0.99}'').';

create function {schema}.hist_quantile(h {schema}.histogram, quantile double precision) returns double precision
language sql immutable parallel safe as $$ select ({schema}.hist_quantiles(h, array[quantile]))[1] $$;
comment on function {schema}.hist_quantile({schema}.histogram, double precision) is 'One quantile (0 to 1) of a histogram, in its unit.';

create function {schema}.hist_count(h {schema}.histogram) returns bigint
language sql immutable parallel safe as $$ select (h).count $$;
create function {schema}.hist_sum(h {schema}.histogram) returns double precision
language sql immutable parallel safe as $$ select (h).sum $$;
create function {schema}.hist_mean(h {schema}.histogram) returns double precision
language sql immutable parallel safe as $$ select (h).sum / nullif((h).count, 0) $$;

create function {schema}.hist({schema}.latency_histograms) returns {schema}.histogram
language sql immutable parallel safe as $$
  select row($1.scale, $1.zero_count, $1.bucket_offset, $1.counts, $1.count, $1.sum, $1.min, $1.max)::{schema}.histogram
$$;
comment on function {schema}.hist({schema}.latency_histograms) is 'The histogram of a row: select hist_quantile(hist_merge(hist(l)), 0.99) from latency_histograms l.';

-- array_append itself and no wrapper: only that keeps the state expanded, so that a group of n costs n and not n².
create aggregate {schema}.hist_merge({schema}.histogram) (
  sfunc = array_append, stype = {schema}.histogram[], initcond = '{}', finalfunc = {schema}.hist_merge_all, parallel = safe
);
comment on aggregate {schema}.hist_merge({schema}.histogram) is 'Merges the histograms of a group into one.';
