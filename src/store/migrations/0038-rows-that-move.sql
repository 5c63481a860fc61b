-- Partitions that are made while rows of their day wait in the default one, and hours that outlive their minutes.

create or replace function {schema}.ensure_partitions(days_ahead int default 7) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  parent text;
  key text;
  day date;
  part text;
  low text;
  high text;
  waiting boolean;
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
      -- Where it has rows of this day the parent, too: who is planning meanwhile would miss those that move.
      execute format('select exists (select from {schema}.%I where %I >= %L and %I < %L)', parent || '_default', key, low, key, high)
      into waiting;
      if waiting then
        execute format('lock table only {schema}.%I in access exclusive mode', parent);
      end if;
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
    dropped := dropped + {schema}.drop_before('error_logs', 'created_at', today - errors_days * interval '24 hours')
      + {schema}.drop_before('error_counts', 'created_at', today - errors_days * interval '24 hours');
  end if;
  if calls_days > 0 then
    dropped := dropped + {schema}.drop_before('http_calls', 'created_at', today - calls_days * interval '24 hours');
  end if;
  if minutes_days > 0 then
    select done_until into rolled from {schema}.latency_levels where level = 'hours';
    before := date_trunc('day', least(today - minutes_days * interval '24 hours', rolled), 'UTC');
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
    -- Never before their minutes, which a late one would add to the day once more.
    select least(rolled, kept_from) into rolled from {schema}.latency_levels where level = 'minutes';
    before := date_trunc('month', least(today - hours_days * interval '24 hours', rolled), 'UTC');
    if before > '-infinity' then
      dropped := dropped + {schema}.drop_before('latency_hours', 'bucket_start', before);
      update {schema}.latency_levels set kept_from = before where level = 'hours' and kept_from < before;
    end if;
  end if;
  return dropped;
end $$;
