-- Where somebody publishes all tables (logical replication, change data capture), Postgres refuses to delete from one without a
-- primary key or a replica identity: roll-ups failed, and with them all that maintenance does behind them.
alter table {schema}.latency_late replica identity full;
alter table {schema}.latency_baselines replica identity full;
do $$ declare part regclass; begin
  for part in
    select relid from pg_partition_tree('{schema}.latency_hours') union all select relid from pg_partition_tree('{schema}.latency_days')
  loop
    execute format('alter table %s replica identity full', part);
  end loop;
end $$;

-- As before, and a new partition has the identity of the default one, which it does not get by being attached.
create or replace function {schema}.make_partition(
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
