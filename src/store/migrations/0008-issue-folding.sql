-- fold_issue_deltas(): moves counts from issue_deltas into the issue_key_… tables and carries out the transitions that
-- are due. One folder at a time; a second one returns 0 at once. Readers see a count either in the delta or folded, never
-- both, since all of it is one transaction.

create function {schema}.fold_issue_deltas(most int default 20000) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  taking bigint[];
begin
  if not pg_try_advisory_xact_lock(hashtextextended('rowtrace fold {schema}', 0)) then
    return 0;
  end if;
  -- Chosen first: none may go into the counts whose transitions were not looked at.
  select array_agg(id) into taking from (select id from {schema}.issue_deltas order by id limit most) d;
  -- In the order in which create_issues takes them.
  perform from {schema}.issues where status in ('resolved', 'ignored') and id in (
    select k.issue_id from {schema}.issue_deltas d join {schema}.issue_keys k on k.id = d.key_id
  ) order by id for no key update;
  perform {schema}.apply_issue_transitions();
  if taking is null then
    return 0;
  end if;

  with taken as (
    delete from {schema}.issue_deltas where id = any (taking) returning *
  ), known as (
    -- An issue that was deleted meanwhile takes its counts with it.
    select t.*, k.issue_id from taken t join {schema}.issue_keys k on k.id = t.key_id
  ), counts as (
    insert into {schema}.issue_key_counts as c (key_id, count, level, first_seen, last_seen, first_release, last_release)
    select
      key_id, sum(count), max(level), min(first_seen), max(last_seen),
      (array_agg(release order by first_seen, release) filter (where release is not null))[1],
      (array_agg(release order by last_seen desc, release desc) filter (where release is not null))[1]
    from known group by key_id order by key_id
    on conflict (key_id) do update set
      count = c.count + excluded.count,
      level = greatest(c.level, excluded.level),
      first_seen = least(c.first_seen, excluded.first_seen),
      last_seen = greatest(c.last_seen, excluded.last_seen),
      first_release = case
        when excluded.first_seen = c.first_seen then least(c.first_release, excluded.first_release)
        when excluded.first_seen < c.first_seen then coalesce(excluded.first_release, c.first_release)
        else coalesce(c.first_release, excluded.first_release)
      end,
      last_release = case
        when excluded.last_seen = c.last_seen then greatest(c.last_release, excluded.last_release)
        when excluded.last_seen > c.last_seen then coalesce(excluded.last_release, c.last_release)
        else coalesce(c.last_release, excluded.last_release)
      end
  ), hours as (
    insert into {schema}.issue_key_hours as h (key_id, hour, count)
    select key_id, hour, sum(count) from known group by key_id, hour having sum(count) <> 0 order by key_id, hour
    on conflict (key_id, hour) do update set count = h.count + excluded.count
  ), releases as (
    insert into {schema}.issue_key_releases as r (key_id, release, environment, count, first_seen, last_seen)
    select key_id, coalesce(release, ''), coalesce(environment, ''), sum(count), min(first_seen), max(last_seen)
    from known where count <> 0 group by 1, 2, 3 order by 1, 2, 3
    on conflict (key_id, release, environment) do update set count = r.count + excluded.count,
      first_seen = least(r.first_seen, excluded.first_seen), last_seen = greatest(r.last_seen, excluded.last_seen)
  ), routed as (
    select key_id, r.route, sum(r.count::bigint) as count
    from known cross join jsonb_each_text(routes) as r (route, count)
    group by key_id, r.route
  ), placed as (
    select n.key_id, n.route, n.count, r.route is not null as listed,
      (select count(*) from {schema}.issue_key_routes o where o.key_id = n.key_id)
        + row_number() over (partition by n.key_id, r.route is not null order by n.count desc, n.route) as place
    from routed n left join {schema}.issue_key_routes r on r.key_id = n.key_id and r.route = n.route
  ), routes as (
    insert into {schema}.issue_key_routes as r (key_id, route, count)
    select key_id, case when listed or place <= 200 then route else '(other)' end, sum(count)
    from placed group by 1, 2 having sum(count) <> 0 order by 1, 2
    on conflict (key_id, route) do update set count = r.count + excluded.count
  ), met as (
    select key_id, 'user' as kind, unnest(users) as h from known
    union all
    select key_id, 'session', unnest(sessions) from known
  ), people as (
    insert into {schema}.issue_key_people as p (key_id, kind, hashes)
    select key_id, kind, {schema}.smallest_hashes(array_agg(h)) from met group by key_id, kind order by key_id, kind
    on conflict (key_id, kind) do update set hashes = {schema}.smallest_hashes(p.hashes || excluded.hashes)
    -- A full set changes for smaller hashes only.
    where (cardinality(p.hashes) < 1024 or excluded.hashes[1] < p.hashes[1024]) and not excluded.hashes <@ p.hashes
  )
  update {schema}.issues i set ignored_seen = case
      when s.across then {schema}.folded_after(i.id, i.status_changed_at, taking)
      else i.ignored_seen + s.count end
  from (
    select k.issue_id, sum(k.count) as count, bool_or(k.count <> 0 and k.first_seen <= i.status_changed_at and i.ignored_period_ms is null) as across
    from known k join {schema}.issues i on i.id = k.issue_id
    where i.status = 'ignored' and i.ignored_count is not null and k.last_seen > i.status_changed_at
    group by k.issue_id
  ) s
  where i.id = s.issue_id;
  return cardinality(taking);
end $$;
comment on function {schema}.fold_issue_deltas(int) is 'Moves counts from issue_deltas into the counters of their keys and changes the status of issues where that is due; returns how many deltas it folded. Safe at any time.';
