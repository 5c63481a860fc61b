-- What is read about issues, exact at any time: what is folded and what is not yet.

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
  select key_id, coalesce(release, ''), coalesce(environment, ''), count, first_seen, last_seen from {schema}.issue_deltas where count <> 0
) n on n.key_id = k.id
group by k.issue_id, n.release, n.environment
having sum(n.count) > 0;
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

-- One delta may hold occurrences from before a decision and from after it, so deltas alone count too many.
create function {schema}.came_after(issue bigint, decided timestamptz) returns bigint
language plpgsql stable as $$
declare
  next_hour timestamptz := date_trunc('hour', decided, 'UTC') + interval '1 hour';
  came bigint;
begin
  -- Rows tell of the decision's own hour, at most one, counters of all later ones. Executed with the values, so that it is
  -- planned for the days of that hour alone. Those that were only counted stand where the last of them was.
  execute $statement$
    select (
      select count(*)
      from {schema}.issue_keys k
      join {schema}.error_logs l on l.service = k.service and l.fingerprint = k.fingerprint and l.fingerprint_version = k.version
      where k.issue_id = $1 and l.level >= 'WARNING' and l.created_at > $2 and l.created_at < $3
    ) + (
      select coalesce(sum(c.count), 0)
      from {schema}.issue_keys k
      join {schema}.error_counts c on c.service = k.service and c.fingerprint = k.fingerprint and c.fingerprint_version = k.version
      where k.issue_id = $1 and c.level >= 'WARNING' and c.last_seen > $2 and c.created_at >= $4 and c.created_at < $3
    ) + (
      select coalesce(sum(h.count), 0) from {schema}.issue_hour_counts h where h.issue_id = $1 and h.hour >= $3
    )
  $statement$
  into came
  using issue, decided, next_hour, next_hour - interval '1 hour';
  return came;
end $$;
comment on function {schema}.came_after(bigint, timestamptz) is 'How many occurrences of an issue were captured after a decision, folded or not.';

-- Rows joined to a time that only the server knows have a plan of every day: 7,400 locks and more than a second for two years of
-- them, for each list of issues.
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
    else {schema}.came_after(l.issue_id, now() - interval '1 hour')
    end as count
  from likely l
)
select issue_id, round(count)::bigint as last_hour, round(mean, 3)::float8 as hourly_mean, (count / mean)::float8 as growth
from last_hour where count > bound;
comment on view {schema}.issue_growth is 'Escalating issues: the last hour''s count is over ten and five times the hourly mean of the last seven days.';
