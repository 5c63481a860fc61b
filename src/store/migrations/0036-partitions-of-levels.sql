-- The same as before, with the parent locked first. A reader that came while a partition was being made waited for the
-- default one in the middle of its planning, and then read what the roll-up says is done without the partition it went to.
create or replace function {schema}.make_partition(parent text, key text, part text, low timestamptz, high timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if to_regclass(format('{schema}.%I', part)) is not null then
    return false;
  end if;
  execute format('lock table only {schema}.%I, {schema}.%I in access exclusive mode', parent, parent || '_default');
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
