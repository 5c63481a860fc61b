-- What a person did is taken back to the status that would hold without it: counts that were folded meanwhile are judged again.
-- An occurrence of while an issue was ignored made it regressed after undo, or not, by whether a fold had come in between.

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

create or replace view {schema}.issue_transitions as
select due.issue_id, due.status, due.action, due.at, due.detail from {schema}.transitions_due() due;

drop function {schema}.apply_issue_transitions();
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
