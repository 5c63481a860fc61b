-- latency_baselines: what is usual for each operation at this hour, made once an hour for all processes to read.

create table {schema}.latency_baselines (
  hour timestamptz not null,
  service text not null,
  environment text not null,
  kind text not null,
  operation text not null,
  http_method text,
  peer text,
  source text not null,
  count bigint not null,
  hours int not null,
  p50_ms double precision not null,
  p90_ms double precision not null,
  p99_ms double precision not null
);
-- For a process that asks for its own.
create index latency_baselines_service on {schema}.latency_baselines (service, environment);
comment on table {schema}.latency_baselines is 'What is usual for each operation at this hour: what slow spans are judged against.';
comment on column {schema}.latency_baselines.source is 'week: the same hour of the last four weeks; days: the same hour of the last seven days; day: the last 24 hours.';
comment on column {schema}.latency_baselines.hours is 'How many hours the count is of.';

-- Of the three spans of the past the first that has enough to judge by; failures are judged by nobody.
create function {schema}.latency_baselines_at(at timestamptz, least_count int default 300)
returns setof {schema}.latency_baselines
language sql stable parallel safe as $$
  with this as (
    select date_trunc('hour', at, 'UTC') as hour
  ), past as (
    select this.hour - n * interval '24 hours' as hour, case when n % 7 = 0 then 'week' else 'days' end as span
    from this, generate_series(1, 28) n where n <= 7 or n % 7 = 0
    union all
    select this.hour - interval '168 hours', 'days' from this
    union all
    select this.hour - n * interval '1 hour', 'day' from this, generate_series(1, 24) n
  ), merged as (
    select l.service, l.environment, l.kind, l.operation, l.http_method, l.peer, past.span,
      count(distinct past.hour)::int as hours,
      {schema}.hist_merge(row(l.scale, l.zero_count, l.bucket_offset, l.counts, l.count, l.sum, l.min, l.max)::{schema}.histogram) as h
    from past join {schema}.latency_hours l on l.bucket_start = past.hour
    where not {schema}.is_failure(l.kind, l.status_class)
    group by 1, 2, 3, 4, 5, 6, 7
  ), best as (
    select distinct on (service, environment, kind, operation, http_method, peer) merged.*
    from merged
    where (h).count >= least_count
    order by service, environment, kind, operation, http_method, peer, array_position('{week,days,day}'::text[], span)
  ), asked as (
    select best.*, {schema}.hist_quantiles(h, '{0.5,0.9,0.99}') as q from best
  )
  select this.hour, service, environment, kind, operation, http_method, peer, span, (h).count, hours,
    q[1] * 1000, q[2] * 1000, q[3] * 1000
  from asked cross join this
$$;
comment on function {schema}.latency_baselines_at(timestamptz, int) is 'What was usual for each operation at that hour, from the hours before it.';

create function {schema}.refresh_latency_baselines() returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from {schema}.latency_baselines where hour >= date_trunc('hour', now(), 'UTC'))
    or not exists (select from {schema}.latency_levels where level = 'hours' and done_until > '-infinity')
    or not pg_try_advisory_xact_lock(hashtextextended('rowtrace roll-up {schema}', 0)) then
    return false;
  end if;
  delete from {schema}.latency_baselines;
  insert into {schema}.latency_baselines select * from {schema}.latency_baselines_at(now());
  return true;
end $$;
comment on function {schema}.refresh_latency_baselines() is 'Makes latency_baselines for this hour, once; the delivery thread calls it.';
