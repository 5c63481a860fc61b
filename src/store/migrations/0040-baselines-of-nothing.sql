-- Where no operation has enough to judge by, refresh_latency_baselines() left no row behind to tell that it was made, so each
-- process made it again every minute. Now latency_levels says up to which hour it was looked in vain.

insert into {schema}.latency_levels (level) values ('baselines');
comment on table {schema}.latency_levels is 'How far latencies are rolled up, and from when on each level is kept; of baselines, from hours up to when they were made.';

create or replace function {schema}.refresh_latency_baselines() returns boolean
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
