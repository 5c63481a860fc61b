-- What is read about issues, exact at any time: what is folded and what is not yet. Here alone is decided when a status
-- changes by itself (regresses, issue_transitions); the folder carries out what the view shows at once.

create function {schema}.semver_key(release text) returns text
language sql immutable parallel safe as $$
  -- Sorts in "C" order as semver.org §11 says; null for what is no semantic version. Numbers are padded, identifiers end
  -- with a character below all others, numeric ones sort below others, and no pre-release above any.
  select lpad(part[1], 18, '0') || lpad(part[2], 18, '0') || lpad(part[3], 18, '0') || coalesce(
    '-' || (
      select string_agg(case when id ~ '^[0-9]+$' then '0' || lpad(id, 40, '0') else '1' || id end || chr(1), '' order by at)
      from regexp_split_to_table(part[4], '\.') with ordinality as i (id, at)
    ), '~') collate "C"
  from regexp_match(release, '^v?([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{1,18})(?:-([0-9A-Za-z.-]{1,100}))?(?:\+[0-9A-Za-z.-]+)?$') as part
$$;
comment on function {schema}.semver_key(text) is 'Sorts semantic versions (collate "C"); null for any other text.';

create function {schema}.release_order(of_service text, a text, b text) returns int
language sql stable as $$
  select case
    when a = b then 0
    when {schema}.semver_key(a) < {schema}.semver_key(b) collate "C" then -1
    when {schema}.semver_key(a) > {schema}.semver_key(b) collate "C" then 1
    else coalesce((
      select sign(extract(epoch from x.first_seen - y.first_seen))::int
      from {schema}.releases x join {schema}.releases y on y.service = of_service and y.release = b
      where x.service = of_service and x.release = a
    ), 0)
  end
$$;
comment on function {schema}.release_order(text, text, text) is '-1: release a of the service is older than b; 1: newer; 0: the same or unknown. Semantic versions by their numbers, others by when they were first seen.';

create view {schema}.release_list as
select service, release, first_seen, build_sha,
  row_number() over (partition by service order by case when all_semver then semver end collate "C", first_seen, release) as position
from (
  select r.*, {schema}.semver_key(release) as semver,
    bool_and({schema}.semver_key(release) is not null) over (partition by service) as all_semver
  from {schema}.releases r
) r;
comment on view {schema}.release_list is 'Releases of each service, oldest at position 1: by semantic version where all of them are, else by when they were first seen.';

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

create function {schema}.reached_within(
  issue bigint, after timestamptz, how_many bigint, period interval, first_seen timestamptz, last_seen timestamptz
) returns timestamptz
language sql stable as $$
  -- When so many occurrences came within the period. Only the neighbourhood of new occurrences is looked at: earlier
  -- ones were, when they were new, so there are fewer than how_many in any period before.
  select min(at) from (
    select l.created_at as at, lag(l.created_at, least(how_many, 2000000000)::int - 1) over (order by l.created_at) as since
    from {schema}.issue_keys k
    join {schema}.error_logs l on l.service = k.service and l.fingerprint = k.fingerprint and l.fingerprint_version = k.version
    where k.issue_id = issue and l.level >= 'WARNING' and l.created_at > after
      and l.created_at between first_seen - period and last_seen + period
  ) o
  where at - since <= period
$$;

create view {schema}.issue_transitions as
with fresh as (
  -- What was captured before the decision is late and changes nothing.
  select i.id, i.service, i.status, i.status_changed_at, i.resolved_how, i.resolved_release,
    i.ignored_count, i.ignored_period_ms * interval '1 millisecond' as period, i.ignored_seen,
    d.release, d.count, d.first_seen, d.last_seen
  from {schema}.issue_deltas d
  join {schema}.issue_keys k on k.id = d.key_id
  join {schema}.issues i on i.id = k.issue_id
  where i.status in ('resolved', 'ignored') and i.merged_into is null and d.count > 0 and d.last_seen > i.status_changed_at
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
  group by id, ignored_count, ignored_seen
  having ignored_seen + sum(count) >= ignored_count
  union all
  select id, 'open', 'ignore-ended', at, jsonb_build_object('count', ignored_count, 'within', period)
  from (
    select id, ignored_count, period,
      {schema}.reached_within(id, status_changed_at, ignored_count, period, min(first_seen), max(last_seen)) as at
    from fresh
    where status = 'ignored' and ignored_count is not null and period is not null
    group by id, status_changed_at, ignored_count, period
  ) reached
  where at is not null
)
select distinct on (id) id as issue_id, status, action, at, detail from due order by id, at;
comment on view {schema}.issue_transitions is 'Issues whose status changes by what is not folded yet or by the time: reopened as regressed, or no longer ignored.';

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
where i.merged_into is null;
comment on view {schema}.issue_list is 'Every issue with its friendly id, the status that holds now, exact count, worst level, first and last time seen: select * from issue_list order by last_seen desc.';

create view {schema}.issue_hour_counts as
select k.issue_id, n.hour, sum(n.count)::bigint as count
from {schema}.issue_keys k
join (
  select key_id, hour, count from {schema}.issue_key_hours
  union all
  select key_id, hour, count from {schema}.issue_deltas
) n on n.key_id = k.id
group by k.issue_id, n.hour
having sum(n.count) > 0;
comment on view {schema}.issue_hour_counts is 'Exact number of occurrences per issue and hour (UTC hours), for charts.';

create view {schema}.issue_release_counts as
select k.issue_id, nullif(n.release, '') as release, nullif(n.environment, '') as environment,
  sum(n.count)::bigint as count, min(n.first_seen) as first_seen, max(n.last_seen) as last_seen
from {schema}.issue_keys k
join (
  select key_id, release, environment, count, first_seen, last_seen from {schema}.issue_key_releases
  union all
  select key_id, coalesce(release, ''), coalesce(environment, ''), count, first_seen, last_seen from {schema}.issue_deltas where count > 0
) n on n.key_id = k.id
group by k.issue_id, n.release, n.environment;
comment on view {schema}.issue_release_counts is 'Exact number of occurrences per issue, release and environment, with first and last time seen.';

create view {schema}.issue_route_counts as
select k.issue_id, n.route, sum(n.count)::bigint as count
from {schema}.issue_keys k
join (
  select key_id, route, count from {schema}.issue_key_routes
  union all
  select d.key_id, r.route, r.count::bigint from {schema}.issue_deltas d cross join jsonb_each_text(d.routes) as r (route, count)
) n on n.key_id = k.id
group by k.issue_id, n.route
having sum(n.count) > 0;
comment on view {schema}.issue_route_counts is 'Occurrences per issue and route.';

-- For what happened in the last two hours.
create index issue_key_hours_hour on {schema}.issue_key_hours (hour);

create view {schema}.issue_growth as
with recent as (
  select issue_id,
    coalesce(sum(count) filter (where hour = date_trunc('hour', now(), 'UTC')), 0) as this_hour,
    coalesce(sum(count) filter (where hour < date_trunc('hour', now(), 'UTC')), 0) as hour_before
  from {schema}.issue_hour_counts
  where hour >= date_trunc('hour', now(), 'UTC') - interval '1 hour'
  group by issue_id
  having sum(count) > 10
), likely as (
  select r.*, w.mean, greatest(10, 5 * w.mean) as bound
  from recent r
  cross join lateral (
    select sum(h.count) / 168 as mean
    from {schema}.issue_hour_counts h
    where h.issue_id = r.issue_id and h.hour > now() - interval '7 days'
  ) w
  where r.this_hour + r.hour_before > 5 * w.mean
), last_hour as (
  -- The last sixty minutes lie in two hours of the clock. Small numbers are counted; of large ones the share of the hour
  -- before is near enough.
  select l.*, case
    when this_hour + hour_before > 2000
      then this_hour + hour_before * (1 - extract(epoch from now() - date_trunc('hour', now(), 'UTC')) / 3600)
    else (
      select count(*)
      from {schema}.issue_keys k
      join {schema}.error_logs o on o.service = k.service and o.fingerprint = k.fingerprint and o.fingerprint_version = k.version
      where k.issue_id = l.issue_id and o.created_at > now() - interval '1 hour' and o.level >= 'WARNING'
    ) end as count
  from likely l
)
select issue_id, round(count)::bigint as last_hour, round(mean, 3)::float8 as hourly_mean, (count / mean)::float8 as growth
from last_hour where count > bound;
comment on view {schema}.issue_growth is 'Escalating issues: the last hour''s count is over ten and five times the hourly mean of the last seven days.';
