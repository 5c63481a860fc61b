-- What two years of days ask for: partitions are dropped by portions, and no view is planned for all of them.

-- The end of the thirtieth of the oldest partitions, or `before` where that is earlier. To drop 640 days of errors in one
-- transaction takes some 9,000 locks, for which a server with 100 connections has no room: none of them ever went.
create or replace function {schema}.portion_until(parent text, before timestamptz) returns timestamptz
language sql stable security definer set search_path = pg_catalog, pg_temp set datestyle = 'ISO, MDY' as $$
  select least(before, case when count(*) = 30 then max(ends) end) from (
    select (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz as ends
    from pg_class c join pg_inherits i on i.inhrelid = c.oid
    where i.inhparent = format('{schema}.%I', parent)::regclass and pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'
    order by ends
    limit 30
  ) oldest
$$;
revoke all on function {schema}.portion_until(text, timestamptz) from public;

-- Minutes and hours as in 0012: not before the level above holds them.
create or replace function {schema}.apply_retention(errors_days int, calls_days int, minutes_days int, hours_days int) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  today timestamptz := date_trunc('day', now(), 'UTC');
  rolled timestamptz;
  before timestamptz;
  dropped int := 0;
begin
  -- The roll-up's own: what it is about to read must not go.
  if not pg_try_advisory_xact_lock(hashtextextended('rowtrace roll-up {schema}', 0)) then
    return 0;
  end if;
  if errors_days > 0 then
    before := today - errors_days * interval '24 hours';
    dropped := dropped + {schema}.drop_before('error_logs', 'created_at', {schema}.portion_until('error_logs', before))
      + {schema}.drop_before('error_counts', 'created_at', {schema}.portion_until('error_counts', before));
  end if;
  if calls_days > 0 then
    before := {schema}.portion_until('http_calls', today - calls_days * interval '24 hours');
    dropped := dropped + {schema}.drop_before('http_calls', 'created_at', before);
  end if;
  if minutes_days > 0 then
    select done_until into rolled from {schema}.latency_levels where level = 'hours';
    before := date_trunc('day', least(today - minutes_days * interval '24 hours', rolled), 'UTC');
    before := {schema}.portion_until('latency_histograms', before);
    if before > '-infinity' then
      -- With the table locked no minute of an hour that was rolled up can come in between.
      lock table {schema}.latency_histograms in access exclusive mode;
      if not exists (select from {schema}.latency_late where hour < before) then
        dropped := dropped + {schema}.drop_before('latency_histograms', 'bucket_start', before);
        update {schema}.latency_levels set kept_from = before where level = 'minutes' and kept_from < before;
      end if;
    end if;
  end if;
  if hours_days > 0 then
    select done_until into rolled from {schema}.latency_levels where level = 'days';
    -- Never before their minutes.
    select least(rolled, kept_from) into rolled from {schema}.latency_levels where level = 'minutes';
    before := date_trunc('month', least(today - hours_days * interval '24 hours', rolled), 'UTC');
    before := {schema}.portion_until('latency_hours', before);
    if before > '-infinity' then
      dropped := dropped + {schema}.drop_before('latency_hours', 'bucket_start', before);
      update {schema}.latency_levels set kept_from = before where level = 'hours' and kept_from < before;
    end if;
  end if;
  return dropped;
end $$;
comment on function {schema}.apply_retention(int, int, int, int) is 'Drops partitions older than so many days: error_logs and error_counts, http_calls, latency_histograms (once rolled up to hours), latency_hours (once rolled up to days). Null or 0 keeps for ever. At most thirty of a table at a time, the oldest first. The delivery thread calls it with the option keepDays, until there are no more. Returns how many it dropped.';

-- Rows joined to a time that only the server knows have a plan of every day: 7,400 locks and more than a second for two years of
-- them, for each list of issues.
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
    else {schema}.came_after(l.issue_id, now() - interval '1 hour')
    end as count
  from likely l
)
select issue_id, round(count)::bigint as last_hour, round(mean, 3)::float8 as hourly_mean, (count / mean)::float8 as growth
from last_hour where count > bound;
