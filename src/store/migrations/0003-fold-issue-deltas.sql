-- fold_issue_deltas(): moves counts from issue_deltas into issues and issue_hours. One folder at a time; a second one
-- returns 0 at once. Readers see a count either in the delta or folded, never both, since all of it is one transaction.

create function {schema}.fold_issue_deltas(most int default 20000) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  folded bigint;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('rowtrace fold {schema}', 0)) then
    return 0;
  end if;
  with taken as (
    delete from {schema}.issue_deltas
    where id in (select id from {schema}.issue_deltas order by id limit most)
    returning *
  ), known as (
    -- An issue that was deleted meanwhile takes its counts with it.
    select t.* from taken t where exists (select from {schema}.issues i where i.id = t.issue_id)
  ), hours as (
    insert into {schema}.issue_hours as h (issue_id, hour, count)
    select issue_id, hour, sum(count) from known group by issue_id, hour having sum(count) > 0 order by issue_id, hour
    on conflict (issue_id, hour) do update set count = h.count + excluded.count
  ), grouped as (
    select
      issue_id, sum(count) as count, max(level) as level, min(first_seen) as first_seen, max(last_seen) as last_seen,
      (array_agg(first_release order by first_seen))[1] as first_release,
      (array_agg(last_release order by last_seen desc))[1] as last_release
    from known
    group by issue_id
  ), updated as (
    update {schema}.issues i
    set
      count = i.count + g.count,
      level = greatest(i.level, g.level),
      status = case when i.status = 'resolved' and g.last_seen > i.status_changed_at then 'regressed' else i.status end,
      status_changed_at = case when i.status = 'resolved' and g.last_seen > i.status_changed_at then g.last_seen else i.status_changed_at end,
      first_release = case when g.first_seen < i.first_seen then g.first_release else i.first_release end,
      last_release = case when g.last_seen >= i.last_seen then coalesce(g.last_release, i.last_release) else i.last_release end,
      first_seen = least(i.first_seen, g.first_seen),
      last_seen = greatest(i.last_seen, g.last_seen)
    from grouped g
    where i.id = g.issue_id
  )
  select count(*) into folded from taken;
  return folded;
end $$;
comment on function {schema}.fold_issue_deltas(int) is 'Moves counts from issue_deltas into issues and issue_hours; returns how many deltas it folded. Safe at any time.';
