-- Hours and days of the minute rows: the same histograms, merged. A minute that arrives after its hour was rolled up has the
-- hour rolled up again, so that running it twice, or late, changes nothing.

-- `add`: what the finer level still has is added to the row there is and removed, since the finer level is kept no more and
-- doing the row again would lose what was dropped.
create function {schema}.roll_up_latency_row(level text, start timestamptz, add boolean) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  finer text := case level when 'hours' then 'latency_histograms' else 'latency_hours' end;
  coarse text := 'latency_' || level;
  until timestamptz := start + case level when 'hours' then interval '1 hour' else interval '24 hours' end;
  dims text := 'service, environment, release_version, kind, operation, http_method, status_class, peer';
  h text := 'row(scale, zero_count, bucket_offset, counts, count, sum, min, max)::{schema}.histogram as h';
  period timestamp := date_trunc(case level when 'hours' then 'month' else 'year' end, start at time zone 'UTC');
begin
  perform {schema}.make_partition(
    coarse, 'bucket_start', coarse || '_' || to_char(period, case level when 'hours' then 'YYYYMM' else 'YYYY' end),
    period at time zone 'UTC',
    (period + case level when 'hours' then interval '1 month' else interval '1 year' end) at time zone 'UTC');
  execute format(
    'with old as (delete from {schema}.%1$I where bucket_start = $1 returning *),
     finer as (%2$s),
     together as (select %3$s, %4$s from finer union all select %3$s, %4$s from old where $3),
     merged as (select %3$s, {schema}.hist_merge(h) as h from together group by %3$s)
     insert into {schema}.%1$I (bucket_start, %3$s, scale, zero_count, bucket_offset, counts, count, sum, min, max)
     select $1, %3$s, (h).scale, (h).zero_count, (h).bucket_offset, (h).counts, (h).count, (h).sum, (h).min, (h).max
     from merged where (h).count > 0',
    coarse,
    case when add
      then format('delete from {schema}.%I where bucket_start >= $1 and bucket_start < $2 returning *', finer)
      else format('select * from {schema}.%I where bucket_start >= $1 and bucket_start < $2', finer)
    end,
    dims, h)
  using start, until, add;
end $$;
revoke all on function {schema}.roll_up_latency_row(text, timestamptz, boolean) from public;

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

-- An hour is rolled up ten minutes after its end; writers say so when they write into one that ended three minutes ago. No
-- transaction of ours lives for the seven minutes between.
-- Hours in which minutes arrived late go by portions: all in one transaction took longer than a statement may (twenty days of
-- ten operations: more than 8 s), and then none of them was, nor any after them, and nothing older than keepDays went any more.
create function {schema}.roll_up_latency(at_once int default 6) returns int
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
