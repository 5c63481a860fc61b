-- error_counts: occurrences beyond what a storm stores in full. One row stands for many of one bug in at most a minute, so
-- that what is counted stays exact while rows and bytes stay bounded.

create table {schema}.error_counts (
  event_id uuid not null,
  created_at timestamptz not null,
  last_seen timestamptz not null,
  count bigint not null check (count >= 0),
  level {schema}.level not null,
  fingerprint text not null,
  fingerprint_version int not null,
  error_type text,
  message_template text not null,
  service text not null,
  environment text not null,
  release_version text,
  -- Makes a batch that is delivered twice count once. The partition key has to be in it.
  primary key (event_id, created_at)
) partition by range (created_at);

create table {schema}.error_counts_default partition of {schema}.error_counts default;

-- For the counts of an issue.
create index error_counts_fingerprint on {schema}.error_counts (fingerprint, created_at desc);

comment on table {schema}.error_counts is 'Occurrences that were counted and not stored, in a storm of errors: each row stands for count of them. Partitioned by day on created_at.';
comment on column {schema}.error_counts.created_at is 'When the first of them was captured; all are of the same minute.';
comment on column {schema}.error_counts.last_seen is 'When the last of them was captured.';
comment on column {schema}.error_counts.count is 'How many; added to the counters of their issue when the row came. 0 for what was only raised to a worse level.';

comment on column {schema}.ledger.aggregated is 'Occurrences in error_counts, counted in the transaction that stores.';

create or replace function {schema}.ensure_partitions(days_ahead int default 7) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  parent text;
  key text;
  day date;
  part text;
  low text;
  high text;
  made int := 0;
begin
  -- Two at a time would only wait for each other; the other one does the work.
  if not pg_try_advisory_xact_lock(hashtextextended('rowtrace partitions {schema}', 0)) then
    return 0;
  end if;
  for parent, key in values
    ('error_logs', 'created_at'), ('error_counts', 'created_at'), ('latency_histograms', 'bucket_start'), ('http_calls', 'created_at')
  loop
    for day in
      select d::date from generate_series(
        (now() at time zone 'utc')::date - 1, (now() at time zone 'utc')::date + least(greatest(days_ahead, 0), 60), interval '1 day'
      ) d
    loop
      part := parent || '_' || to_char(day, 'YYYYMMDD');
      low := to_char(day, 'YYYY-MM-DD') || ' 00:00:00+00';
      high := to_char(day + 1, 'YYYY-MM-DD') || ' 00:00:00+00';
      continue when to_regclass(format('{schema}.%I', part)) is not null;
      -- Made apart and attached: unlike "create table … partition of" that lets writers of other partitions go on.
      -- The default partition is locked first, so that no straggler comes in between move and attach.
      execute format('lock table {schema}.%I in access exclusive mode', parent || '_default');
      execute format(
        'create table {schema}.%I (like {schema}.%I including defaults including constraints including storage including compression)',
        part, parent);
      execute format(
        'with moved as (delete from {schema}.%I where %I >= %L and %I < %L returning *) insert into {schema}.%I select * from moved',
        parent || '_default', key, low, key, high, part);
      execute format(
        'alter table {schema}.%I attach partition {schema}.%I for values from (%L) to (%L)',
        parent, part, low, high);
      made := made + 1;
    end loop;
  end loop;
  return made;
end $$;

create or replace function {schema}.reached_within(
  issue bigint, after timestamptz, how_many bigint, period interval, first_seen timestamptz, last_seen timestamptz
) returns timestamptz
language sql stable as $$
  -- When so many occurrences came within the period. Only the neighbourhood of new occurrences is looked at: earlier
  -- ones were, when they were new, so there are fewer than how_many in any period before. Those that were only counted
  -- stand where the last of them was.
  select min(at) from (
    select o.at, sum(o.count) over (order by o.at range between period preceding and current row) as within
    from (
      select l.created_at as at, 1::bigint as count
      from {schema}.issue_keys k
      join {schema}.error_logs l on l.service = k.service and l.fingerprint = k.fingerprint and l.fingerprint_version = k.version
      where k.issue_id = issue and l.level >= 'WARNING' and l.created_at > after
        and l.created_at between reached_within.first_seen - period and reached_within.last_seen + period
      union all
      select c.last_seen, c.count
      from {schema}.issue_keys k
      join {schema}.error_counts c on c.service = k.service and c.fingerprint = k.fingerprint and c.fingerprint_version = k.version
      where k.issue_id = issue and c.level >= 'WARNING' and c.last_seen > after
        and c.created_at between reached_within.first_seen - period - interval '1 minute' and reached_within.last_seen + period
    ) o
  ) o
  where within >= how_many
$$;

create or replace view {schema}.issue_growth as
with recent as (
  select issue_id,
    coalesce(sum(count) filter (where hour = date_trunc('hour', now(), 'UTC')), 0) as this_hour,
    coalesce(sum(count) filter (where hour < date_trunc('hour', now(), 'UTC')), 0) as hour_before
  from {schema}.issue_hour_counts
  where hour >= date_trunc('hour', now(), 'UTC') - interval '1 hour'
  group by issue_id
  having sum(count) > 10
), likely as (
  select r.*, w.mean, greatest(10, 5 * w.mean) as bound
  from recent r
  cross join lateral (
    select sum(h.count) / 168 as mean
    from {schema}.issue_hour_counts h
    where h.issue_id = r.issue_id and h.hour > now() - interval '7 days'
  ) w
  where r.this_hour + r.hour_before > 5 * w.mean
), last_hour as (
  -- The last sixty minutes lie in two hours of the clock. Small numbers are counted; of large ones the share of the hour
  -- before is near enough.
  select l.*, case
    when this_hour + hour_before > 2000
      then this_hour + hour_before * (1 - extract(epoch from now() - date_trunc('hour', now(), 'UTC')) / 3600)
    else (
      select count(*)
      from {schema}.issue_keys k
      join {schema}.error_logs o on o.service = k.service and o.fingerprint = k.fingerprint and o.fingerprint_version = k.version
      where k.issue_id = l.issue_id and o.created_at > now() - interval '1 hour' and o.level >= 'WARNING'
    ) + (
      select coalesce(sum(c.count), 0)
      from {schema}.issue_keys k
      join {schema}.error_counts c on c.service = k.service and c.fingerprint = k.fingerprint and c.fingerprint_version = k.version
      where k.issue_id = l.issue_id and c.created_at > now() - interval '1 hour' and c.level >= 'WARNING'
    ) end as count
  from likely l
)
select issue_id, round(count)::bigint as last_hour, round(mean, 3)::float8 as hourly_mean, (count / mean)::float8 as growth
from last_hour where count > bound;
