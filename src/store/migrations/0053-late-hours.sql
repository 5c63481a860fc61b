-- Hours in which minutes arrived late are rolled up by portions, and the next hour is looked for in the next days first.

-- Executed with the values: days that are near are all that is planned and locked, of two years of minutes that nobody rolled up.
create function {schema}.first_minute(low timestamptz, high timestamptz) returns timestamptz
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  question text := 'select min(bucket_start) from {schema}.latency_histograms where bucket_start >= $1 and bucket_start < $2';
  near timestamptz := least(low + interval '48 hours', high);
  first timestamptz;
begin
  execute question into first using low, near;
  if first is null and near < high then
    execute question into first using near, high;
  end if;
  return first;
end $$;
revoke all on function {schema}.first_minute(timestamptz, timestamptz) from public;

-- All of them in one transaction took longer than a statement may, so none was: not these, not the hours that came after them,
-- and nothing older than keepDays went any more. (Twenty days of them, ten operations a minute: more than 8 s.)
create or replace function {schema}.roll_up_latency(at_once int default 6) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  upto timestamptz := date_trunc('hour', now() - interval '10 minutes', 'UTC');
  done timestamptz;
  days_done timestamptz;
  minutes_from timestamptz;
  hours_from timestamptz;
  start timestamptz;
  again timestamptz[] := '{}';
  made int := 0;
begin
  -- Two at a time would only do the same; the other one does it.
  if not pg_try_advisory_xact_lock(hashtextextended('rowtrace roll-up {schema}', 0)) then
    return 0;
  end if;
  select done_until into done from {schema}.latency_levels where level = 'hours';
  select done_until into days_done from {schema}.latency_levels where level = 'days';
  select kept_from into minutes_from from {schema}.latency_levels where level = 'minutes';
  select kept_from into hours_from from {schema}.latency_levels where level = 'hours';

  while made < at_once and done < upto loop
    start := date_trunc('hour', {schema}.first_minute(done, upto), 'UTC');
    if start is null then
      -- Nothing at all yet: what comes may be of any time, and is not late.
      exit when done = '-infinity';
      done := upto;
    else
      perform {schema}.roll_up_latency_row('hours', start, false);
      done := start + interval '1 hour';
      made := made + 1;
    end if;
  end loop;

  for start in
    with first as (
      select distinct hour from {schema}.latency_late where hour < done order by hour limit greatest(at_once - made, 0)
    ), taken as (
      delete from {schema}.latency_late where hour in (select hour from first) returning hour
    )
    select distinct hour from taken
  loop
    if start >= hours_from then
      perform {schema}.roll_up_latency_row('hours', start, start < minutes_from);
      again := again || date_trunc('day', start, 'UTC');
    else
      -- Older than any hour that is kept: by way of an hour into its day.
      perform {schema}.roll_up_latency_row('hours', start, true);
      perform {schema}.roll_up_latency_row('days', date_trunc('day', start, 'UTC'), true);
    end if;
    made := made + 1;
  end loop;

  while done > '-infinity' and (days_done + interval '24 hours' <= done or days_done = '-infinity') loop
    select date_trunc('day', min(bucket_start), 'UTC') into start
    from {schema}.latency_hours where bucket_start >= days_done and bucket_start < date_trunc('day', done, 'UTC');
    if start is null then
      days_done := date_trunc('day', done, 'UTC');
      exit;
    end if;
    perform {schema}.roll_up_latency_row('days', start, false);
    days_done := start + interval '24 hours';
    made := made + 1;
  end loop;
  for start in select distinct d from unnest(again) d where d < days_done loop
    perform {schema}.roll_up_latency_row('days', start, false);
  end loop;

  update {schema}.latency_levels set done_until = case level when 'hours' then done else days_done end
  where level = 'hours' and done_until <> done or level = 'days' and done_until <> days_done;
  return made;
end $$;
comment on function {schema}.roll_up_latency(int) is 'Rolls finished hours and those in which minutes arrived late (so many at once) and days of latencies up. Returns how many it made; the delivery thread calls it until it returns fewer than at once.';
