-- A sum of numbers with a point depends on their order, and that on the plan: an operation asked for alone had another last digit
-- than the same one in a list of all.
create or replace function {schema}.hist_merge_all(histograms {schema}.histogram[]) returns {schema}.histogram
language sql immutable parallel safe as $$
  with total as (
    select min(scale) as scale, sum(zero_count)::bigint as zero_count, sum(count)::bigint as count, sum(sum order by sum) as sum,
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
