-- Exemplars: traces that show what a bucket is made of. Sampled where spans end, kept with the minute row.

alter table {schema}.latency_histograms add column exemplars jsonb;
comment on column {schema}.latency_histograms.exemplars is 'A few traces of the minute, spread over its latencies: seconds (v), Unix milliseconds (t), trace and span.';

create view {schema}.latency_exemplars as
select
  l.bucket_start, l.service, l.environment, l.release_version, l.kind, l.operation, l.http_method, l.status_class, l.peer,
  e.v * 1000 as latency_ms, to_timestamp(e.t / 1000.0) as ended_at, e.trace as trace_id, e.span as span_id
from {schema}.latency_histograms l
cross join lateral jsonb_to_recordset(l.exemplars) as e (v double precision, t double precision, trace text, span text)
where l.exemplars is not null;
comment on view {schema}.latency_exemplars is 'Traces to look at for a latency: where operation = ''/dogs'' and latency_ms between 800 and 1200. Their errors: error_logs of the same trace_id.';

create function {schema}.latency_heatmap(
  since timestamptz, until timestamptz, step interval,
  of_operation text default null, of_kind text default null, of_service text default null
)
returns table (
  at timestamptz, lower_ms double precision, upper_ms double precision, count bigint, trace_id text, trace_errors bigint
)
language sql stable parallel safe as $$
  with column_ as (
    select date_bin(step, l.bucket_start, since) as at, {schema}.hist_merge(l.h) as h
    from {schema}.latency_between(since, until) l
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
comment on function {schema}.latency_heatmap(timestamptz, timestamptz, interval, text, text, text) is 'Cells of a heat map (time × latency, two to a doubling) with a trace of each and how many error rows that trace has.';
