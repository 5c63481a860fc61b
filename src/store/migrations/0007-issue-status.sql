-- When a status changes by itself: here alone it is decided (transitions_due). issue_list shows it at once, the folder and
-- whoever decides something carry it out.

create function {schema}.regresses(
  service text, how text, resolved_release text, resolved_at timestamptz, release text
) returns boolean
language sql stable as $$
  -- An occurrence captured after the resolution: is it a regression? Never one of an older release that still runs.
  select case how
    when 'release' then {schema}.release_order(service, release, resolved_release) > 0
    when 'next-release' then
      exists (
        select from {schema}.releases r
        where r.service = regresses.service and r.release = regresses.release and r.first_seen > resolved_at
      ) and (resolved_release is null or {schema}.release_order(service, release, resolved_release) > 0)
    else release is null or resolved_release is null or {schema}.release_order(service, release, resolved_release) >= 0
  end
$$;
comment on function {schema}.regresses(text, text, text, timestamptz, text) is 'Whether an occurrence of a release, captured after the resolution, is a regression.';

-- A statement executed with the values is planned for the days of the period. With `first_seen - period` in it, which is no
-- constant to the planner, every day that is kept is planned for, again for each such issue (90 days: 36 ms an issue, not 1).
create function {schema}.reached_within(
  issue bigint, after timestamptz, how_many bigint, period interval, first_seen timestamptz, last_seen timestamptz
) returns timestamptz
language plpgsql stable as $$
declare
  reached timestamptz;
begin
  -- When so many occurrences came within the period. Only the neighbourhood of new occurrences is looked at: earlier
  -- ones were, when they were new, so there are fewer than how_many in any period before. Those that were only counted
  -- stand where the last of them was.
  execute $statement$
    select min(at) from (
      select o.at, sum(o.count) over (order by o.at range between $4 preceding and current row) as within
      from (
        select l.created_at as at, 1::bigint as count
        from {schema}.issue_keys k
        join {schema}.error_logs l on l.service = k.service and l.fingerprint = k.fingerprint and l.fingerprint_version = k.version
        where k.issue_id = $1 and l.level >= 'WARNING' and l.created_at > $2 and l.created_at between $5 and $6
        union all
        select c.last_seen, c.count
        from {schema}.issue_keys k
        join {schema}.error_counts c on c.service = k.service and c.fingerprint = k.fingerprint and c.fingerprint_version = k.version
        where k.issue_id = $1 and c.level >= 'WARNING' and c.last_seen > $2 and c.created_at between $7 and $6
      ) o
    ) o
    where within >= $3
  $statement$
  into reached
  using issue, after, how_many, period, first_seen - period, last_seen + period, first_seen - period - interval '1 minute';
  return reached;
end $$;

create function {schema}.folded_after(issue bigint, decided timestamptz, folding bigint[] default '{}') returns bigint
language sql stable as $$
  -- Deltas from across the decision are left in: where one is, all is counted anew.
  select {schema}.came_after(issue, decided) - coalesce(sum(d.count), 0)::bigint
  from {schema}.issue_deltas d join {schema}.issue_keys k on k.id = d.key_id
  where k.issue_id = issue and d.first_seen > decided and d.id <> all (folding)
$$;
comment on function {schema}.folded_after(bigint, timestamptz, bigint[]) is 'How many occurrences captured after a decision are no deltas any more, or are of those that are being folded.';

-- What changes by deltas and by the time; of the issues `again`, whose keys or decisions are others now, by all that was
-- captured since the decision.
create function {schema}.transitions_due(again bigint[] default '{}')
returns table (issue_id bigint, status text, action text, at timestamptz, detail jsonb)
language sql stable rows 10 as $$
  with fresh as (
    -- What was captured before the decision is late and changes nothing.
    select i.id, i.service, i.status, i.status_changed_at, i.resolved_how, i.resolved_release,
      i.ignored_count, i.ignored_period_ms * interval '1 millisecond' as period, i.ignored_seen,
      d.release, d.count, d.first_seen, d.last_seen, false as again
    from {schema}.issue_deltas d
    join {schema}.issue_keys k on k.id = d.key_id
    join {schema}.issues i on i.id = k.issue_id
    where i.status in ('resolved', 'ignored') and i.merged_into is null and d.count > 0 and d.last_seen > i.status_changed_at
    union all
    select i.id, i.service, i.status, i.status_changed_at, i.resolved_how, i.resolved_release,
      i.ignored_count, i.ignored_period_ms * interval '1 millisecond', i.ignored_seen,
      nullif(r.release, ''), r.count, r.first_seen, r.last_seen, true
    from {schema}.issues i
    join {schema}.issue_keys k on k.issue_id = i.id
    join {schema}.issue_key_releases r on r.key_id = k.id
    where i.id = any (again) and i.status in ('resolved', 'ignored') and i.merged_into is null
      and r.count > 0 and r.last_seen > i.status_changed_at
  ), due as (
    select id, 'regressed' as status, 'regressed' as action, at,
      jsonb_build_object('release', release, 'resolved_release', resolved_release, 'how', resolved_how) as detail
    from (
      select id, service, status_changed_at, resolved_how, resolved_release, release,
        min(case when first_seen > status_changed_at then first_seen else last_seen end) as at
      from fresh where status = 'resolved' group by 1, 2, 3, 4, 5, 6
    ) came
    where {schema}.regresses(service, resolved_how, resolved_release, status_changed_at, release)
    union all
    select id, 'open', 'ignore-ended', ignored_until, jsonb_build_object('until', ignored_until)
    from {schema}.issues
    where status = 'ignored' and merged_into is null and ignored_until <= now()
    union all
    select id, 'open', 'ignore-ended', max(last_seen), jsonb_build_object('count', ignored_count)
    from fresh
    where status = 'ignored' and ignored_count is not null and period is null
    group by id, status_changed_at, ignored_count, ignored_seen
    -- Deltas from across the decision say too much: only where they would do are rows asked.
    having case
      when ignored_seen + sum(count) < ignored_count then false
      when bool_or(fresh.again or first_seen <= status_changed_at) then {schema}.came_after(id, status_changed_at) >= ignored_count
      else true end
    union all
    select id, 'open', 'ignore-ended', at, jsonb_build_object('count', ignored_count, 'within', period)
    from (
      select id, ignored_count, period,
        {schema}.reached_within(id, status_changed_at, ignored_count, period, greatest(min(first_seen), status_changed_at), max(last_seen)) as at
      from fresh
      where status = 'ignored' and ignored_count is not null and period is not null
      group by id, status_changed_at, ignored_count, period
    ) reached
    where at is not null
  )
  select distinct on (id) id as issue_id, status, action, at, detail from due order by id, at
$$;

create view {schema}.issue_transitions as
select due.issue_id, due.status, due.action, due.at, due.detail from {schema}.transitions_due() due;
comment on view {schema}.issue_transitions is 'Issues whose status changes by what is not folded yet or by the time: reopened as regressed, or no longer ignored.';

-- Deltas may be negative, where a row was taken back: an issue of which nothing is left is not shown.
create view {schema}.issue_list as
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
comment on view {schema}.issue_list is 'Every issue with its friendly id, the status that holds now, exact count, worst level, first and last time seen: select * from issue_list order by last_seen desc.';

create function {schema}.apply_issue_transitions(again bigint[] default '{}') returns bigint
language plpgsql as $$
declare
  applied bigint;
begin
  with due as materialized (
    select * from {schema}.transitions_due(again)
  ), changed as (
    update {schema}.issues i
    set status = d.status, status_changed_at = d.at, resolved_how = null, resolved_release = null,
      ignored_until = null, ignored_count = null, ignored_period_ms = null, ignored_seen = 0
    from due d
    where i.id = d.issue_id
  ), recorded as (
    insert into {schema}.issue_history (issue_id, at, actor, action, detail)
    select issue_id, at, 'rowtrace', action, jsonb_strip_nulls(detail) from due order by at, issue_id
  )
  select count(*) into applied from due;
  return applied;
end $$;

-- What a person did is taken back to the status that would hold without it: counts that were folded meanwhile are judged again.
create function {schema}.judge_again(again bigint[]) returns void
language plpgsql as $$
begin
  perform {schema}.apply_issue_transitions(again);
  -- Never less than was counted: rows of the hour of the decision may be gone.
  update {schema}.issues i
  set ignored_seen = greatest(i.ignored_seen, {schema}.folded_after(i.id, i.status_changed_at))
  where i.id = any (again) and i.status = 'ignored' and i.ignored_count is not null and i.ignored_period_ms is null;
end $$;
comment on function {schema}.judge_again(bigint[]) is 'Status of issues whose keys or decisions were changed by a person, from all that was captured since the decision.';

-- What a person decides waits for the folder and the folder for him: both change status and keys of issues.
create function {schema}.begin_triage() returns void
language plpgsql as $$
begin
  -- A fold of many deltas takes longer than other locks are waited for.
  perform set_config('lock_timeout', '7s', true);
  perform pg_advisory_xact_lock(hashtextextended('rowtrace fold {schema}', 0));
  perform {schema}.apply_issue_transitions();
end $$;
comment on function {schema}.begin_triage() is 'First statement of a transaction that changes status or keys of issues: one at a time, and from the status that holds now.';
