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
-- As latency_late.
alter table {schema}.latency_baselines replica identity full;
-- For a process that asks for its own.
create index latency_baselines_service on {schema}.latency_baselines (service, environment);
comment on table {schema}.latency_baselines is 'What is usual for each operation at this hour: what slow spans are judged against.';
comment on column {schema}.latency_baselines.source is 'week: the same hour of the last four weeks; days: the same hour of the last seven days; near: the same hour of the last four weeks and two hours before and after; month: the last 28 days; day: the last 24 hours.';
comment on column {schema}.latency_baselines.hours is 'How many hours the count is of.';

-- Of the spans of the past the first that has enough to judge by; failures are judged by nobody. That is decided on counts
-- alone, before any histogram is looked at: 1,000 operations in 4.6 s instead of 7.8 (two cores with a load of 20).
-- Executed with the values, and of the fifty hours that are asked for alone. Joined to a list of them, all hours that are kept
-- were read, twice an hour (400 days, 150 operations an hour: 6 s under load, where 8 s is the most).
create function {schema}.latency_baselines_at(at timestamptz, least_count int default 300)
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
comment on function {schema}.latency_baselines_at(timestamptz, int) is 'What was usual for each operation at that hour, from the hours before it.';

-- Where nothing has enough to judge by, latency_levels alone says that it was looked for.
create function {schema}.refresh_latency_baselines() returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  rolled timestamptz;
  made_from timestamptz;
begin
  select done_until into rolled from {schema}.latency_levels where level = 'hours';
  select done_until into made_from from {schema}.latency_levels where level = 'baselines';
  if exists (select from {schema}.latency_baselines where hour >= date_trunc('hour', now(), 'UTC'))
    or rolled = '-infinity'
    -- None is more than none only when another hour was rolled up.
    or made_from = rolled and not exists (select from {schema}.latency_baselines)
    or not pg_try_advisory_xact_lock(hashtextextended('rowtrace roll-up {schema}', 0)) then
    return false;
  end if;
  delete from {schema}.latency_baselines;
  insert into {schema}.latency_baselines select * from {schema}.latency_baselines_at(now());
  update {schema}.latency_levels set done_until = rolled where level = 'baselines' and done_until <> rolled;
  return true;
end $$;
comment on function {schema}.refresh_latency_baselines() is 'Makes latency_baselines for this hour, once; the delivery thread calls it.';
