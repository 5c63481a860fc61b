-- ensure_partitions(days_ahead): makes the daily partitions from yesterday to days_ahead days from now (UTC).

create function {schema}.ensure_partitions(days_ahead int default 7) returns int
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
  for parent, key in values ('error_logs', 'created_at'), ('latency_histograms', 'bucket_start'), ('http_calls', 'created_at') loop
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
comment on function {schema}.ensure_partitions(int) is 'Makes the daily partitions from yesterday to so many days ahead; rows that wait in a default partition are moved. Returns how many it made.';
