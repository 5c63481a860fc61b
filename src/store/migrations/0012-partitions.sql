-- Partitions: made ahead and where they are missing, beside readers and writers; dropped when their time is over.

-- Makes a partition where there is none. Who is planning meanwhile waits for the default one, with a list of partitions from
-- before, and then takes a snapshot from after it: the parent is locked first, so that the list is made when it is there.
-- `parent_too`: rows come into it before the commit. Otherwise only where rows of it wait in the default one, and will move;
-- without any, who has the older list misses nothing, and writers of other partitions go on.
-- A partition has the replica identity of the default one, which it does not get by being attached. The style of dates is set
-- here and in drop_before, which write times into statements: another one than ISO gives names of zones that other zones
-- have, too ("IST" is Israel's).
create function {schema}.make_partition(
  parent text, key text, part text, low timestamptz, high timestamptz, parent_too boolean default true
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp set datestyle = 'ISO, MDY' as $$
declare
  moving boolean;
begin
  if to_regclass(format('{schema}.%I', part)) is not null then
    return false;
  end if;
  execute format('select exists (select from {schema}.%I where %I >= %L and %I < %L)', parent || '_default', key, low, key, high)
  into moving;
  if parent_too or moving then
    execute format('lock table only {schema}.%I in access exclusive mode', parent);
  end if;
  -- So that no straggler comes in between move and attach.
  execute format('lock table {schema}.%I in access exclusive mode', parent || '_default');
  -- Made apart and attached: "create table … partition of" would lock the parent.
  execute format(
    'create table {schema}.%I (like {schema}.%I including defaults including constraints including storage including compression)',
    part, parent);
  if exists (
    select from pg_class where oid = format('{schema}.%I', parent || '_default')::regclass and relreplident = 'f'
  ) then
    execute format('alter table {schema}.%I replica identity full', part);
  end if;
  execute format(
    'with moved as (delete from {schema}.%I where %I >= %L and %I < %L returning *) insert into {schema}.%I select * from moved',
    parent || '_default', key, low, key, high, part);
  execute format(
    'alter table {schema}.%I attach partition {schema}.%I for values from (%L) to (%L)', parent, part, low, high);
  return true;
end $$;
revoke all on function {schema}.make_partition(text, text, text, timestamptz, timestamptz, boolean) from public;

create function {schema}.ensure_partitions(days_ahead int default 7) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  today date := (now() at time zone 'UTC')::date;
  parent text;
  key text;
  day date;
  made int := 0;
begin
  -- Two at a time would only wait for each other; the other one does the work.
  if not pg_try_advisory_xact_lock(hashtextextended('rowtrace partitions {schema}', 0)) then
    return 0;
  end if;
  for parent, key in values
    ('error_logs', 'created_at'), ('error_counts', 'created_at'), ('latency_histograms', 'bucket_start'), ('http_calls', 'created_at')
  loop
    for day in select today + n from generate_series(-1, least(greatest(days_ahead, 0), 60)) n loop
      made := made + {schema}.make_partition(
        parent, key, parent || '_' || to_char(day, 'YYYYMMDD'),
        day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC', false)::int;
    end loop;
  end loop;
  return made;
end $$;
comment on function {schema}.ensure_partitions(int) is 'Makes the daily partitions from yesterday to so many days ahead; rows that wait in a default partition are moved. Returns how many it made.';

-- Partitions that end by `before`, and what of that time is in the default partition.
create function {schema}.drop_before(parent text, key text, before timestamptz) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp set datestyle = 'ISO, MDY' as $$
declare
  part text;
  dropped int := 0;
begin
  for part in
    select c.relname from pg_class c join pg_inherits i on i.inhrelid = c.oid
    where i.inhparent = format('{schema}.%I', parent)::regclass
      and (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz <= before
    order by c.relname
  loop
    execute format('drop table {schema}.%I', part);
    dropped := dropped + 1;
  end loop;
  execute format('delete from {schema}.%I where %I < %L', parent || '_default', key, before);
  return dropped;
end $$;
revoke all on function {schema}.drop_before(text, text, timestamptz) from public;

-- The end of the thirtieth of the oldest partitions, or `before` where that is earlier. To drop 640 days of errors in one
-- transaction takes some 9,000 locks, for which a server with 100 connections has no room: none of them ever went.
create function {schema}.portion_until(parent text, before timestamptz) returns timestamptz
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

-- Minutes and hours go only when the level above holds them, and hours not before their minutes, since a late minute adds
-- those of its hour to the day. Null or 0 keeps for ever.
create function {schema}.apply_retention(errors_days int, calls_days int, minutes_days int, hours_days int) returns int
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
revoke all on function {schema}.apply_retention(int, int, int, int) from public;
