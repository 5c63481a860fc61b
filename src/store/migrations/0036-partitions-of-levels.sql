-- Partitions beside readers and writers. Who is planning while one is made waits for the default one, with a list of partitions
-- from before, and then takes a snapshot from after it: the parent is locked first, so that the list is made when it is there.

drop function {schema}.make_partition(text, text, text, timestamptz, timestamptz);
-- `parent_too`: rows come into it before the commit. Otherwise where rows of it wait in the default one, and will move; without
-- any, who has the older list misses nothing, and writers of other partitions go on.
create function {schema}.make_partition(
  parent text, key text, part text, low timestamptz, high timestamptz, parent_too boolean default true
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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
  execute format(
    'with moved as (delete from {schema}.%I where %I >= %L and %I < %L returning *) insert into {schema}.%I select * from moved',
    parent || '_default', key, low, key, high, part);
  execute format(
    'alter table {schema}.%I attach partition {schema}.%I for values from (%L) to (%L)', parent, part, low, high);
  return true;
end $$;
revoke all on function {schema}.make_partition(text, text, text, timestamptz, timestamptz, boolean) from public;

create or replace function {schema}.ensure_partitions(days_ahead int default 7) returns int
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
