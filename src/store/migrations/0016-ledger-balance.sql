-- The account of every accepted record, so that it closes: accepted = stored + merged + aggregated + dead-lettered +
-- dropped(reason) + pending. What a process reports is a floor, what the database counts in its own transactions is exact,
-- and what is left when no journal of the process is left was lost.

alter table {schema}.ledger
  add absorbed bigint not null default 0,
  add aggregated bigint not null default 0,
  add discarded bigint not null default 0,
  add ended_at timestamptz;
comment on column {schema}.ledger.accepted is 'The highest that the process reported, in a report or on a row.';
comment on column {schema}.ledger.merged is 'Further carriers of one exception that made no record, as the process reported them.';
comment on column {schema}.ledger.absorbed is 'Records that turned out to be part of another one, counted when that one is stored.';
comment on column {schema}.ledger.discarded is 'Dead letters that a person threw away.';
comment on column {schema}.ledger.ended_at is 'When the last journal of the process was stored to its end; null while more may come.';
comment on table {schema}.ledger is 'One row a process: what it accepted and what became of it, counted in the transactions that store. Read ledger_balance.';

-- For the letter of a record that turned out to be part of another one.
create index dead_letters_event on {schema}.dead_letters (event_id) where event_id is not null;

create view {schema}.ledger_balance as
select
  process, service, host, pid, updated_at, ended_at,
  greatest(accepted, settled) as accepted,
  stored, merged + absorbed as merged, aggregated, dead_lettered,
  dropped || jsonb_strip_nulls(jsonb_build_object(
    'discarded', nullif(discarded, 0), 'lost', nullif(lost, 0))) as dropped,
  reported_drops + discarded + lost as dropped_total,
  greatest(accepted - settled - lost, 0) as pending,
  -- More records settled than were accepted: something was counted twice. A process that never reported has no word in it.
  accepted = 0 or accepted >= settled as closes
from (
  select l.*, d.reported_drops, s.settled,
    case when ended_at is not null then greatest(accepted - s.settled, 0) else 0 end as lost
  from {schema}.ledger l
  cross join lateral (
    select coalesce(sum(value::text::bigint), 0)::bigint as reported_drops from jsonb_each(l.dropped)
  ) d
  cross join lateral (
    select stored + merged + absorbed + aggregated + dead_lettered + discarded + d.reported_drops as settled
  ) s
) l;
comment on view {schema}.ledger_balance is 'Per process: accepted = stored + merged + aggregated + dead_lettered + dropped_total + pending. closes is false where more was settled than accepted.';

-- A row that is stored before it is known to be part of another one is taken back, and its counts with it: deltas may be
-- negative, and an issue of which nothing is left is not shown.

comment on column {schema}.issue_deltas.count is 'Occurrences; 0 for what was learned later about rows counted before, -1 for a row that was taken back.';

create or replace view {schema}.issue_list as
select
  i.id, s.key || '-' || i.number as friendly_id, i.title, i.type, i.culprit, i.service, c.level,
  coalesce(t.status, i.status) as status, coalesce(t.at, i.status_changed_at) as status_changed_at,
  c.count, c.first_seen, c.last_seen, c.first_release, c.last_release,
  case when t.status is null then i.resolved_how end as resolved_how,
  case when t.status is null then i.resolved_release end as resolved_release,
  case when t.status is null then i.ignored_until end as ignored_until,
  case when t.status is null then i.ignored_count end as ignored_count,
  case when t.status is null then i.ignored_period_ms end as ignored_period_ms
from {schema}.issues i
join {schema}.services s on s.service = i.service
join (
  select
    k.issue_id, sum(n.count)::bigint as count, max(n.level) as level, min(n.first_seen) as first_seen, max(n.last_seen) as last_seen,
    (array_agg(n.first_release order by n.first_seen, n.first_release) filter (where n.first_release is not null))[1] as first_release,
    (array_agg(n.last_release order by n.last_seen desc, n.last_release desc) filter (where n.last_release is not null))[1] as last_release
  from {schema}.issue_keys k
  join (
    select key_id, count, level, first_seen, last_seen, first_release, last_release from {schema}.issue_key_counts
    union all
    select key_id, count, level, first_seen, last_seen, release, release from {schema}.issue_deltas
  ) n on n.key_id = k.id
  group by k.issue_id
) c on c.issue_id = i.id
left join {schema}.issue_transitions t on t.issue_id = i.id
where i.merged_into is null and c.count > 0;

create or replace view {schema}.issue_release_counts as
select k.issue_id, nullif(n.release, '') as release, nullif(n.environment, '') as environment,
  sum(n.count)::bigint as count, min(n.first_seen) as first_seen, max(n.last_seen) as last_seen
from {schema}.issue_keys k
join (
  select key_id, release, environment, count, first_seen, last_seen from {schema}.issue_key_releases
  union all
  select key_id, coalesce(release, ''), coalesce(environment, ''), count, first_seen, last_seen from {schema}.issue_deltas where count <> 0
) n on n.key_id = k.id
group by k.issue_id, n.release, n.environment
having sum(n.count) > 0;

create or replace function {schema}.fold_issue_deltas(most int default 20000) returns bigint
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
  update {schema}.issues i set ignored_seen = i.ignored_seen + s.count
  from (
    select k.issue_id, sum(k.count) as count
    from known k join {schema}.issues i on i.id = k.issue_id
    where i.status = 'ignored' and i.ignored_count is not null and k.last_seen > i.status_changed_at
    group by k.issue_id
  ) s
  where i.id = s.issue_id;
  return cardinality(taking);
end $$;
comment on function {schema}.fold_issue_deltas(int) is 'Moves counts from issue_deltas into the counters of their keys and changes the status of issues where that is due; returns how many deltas it folded. Safe at any time.';
