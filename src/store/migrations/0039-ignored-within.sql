-- Whether an issue that is ignored within a period reached its number, from the days of that period alone. `first_seen - period`
-- is no constant to the planner, which planned for every day that is kept, again for each such issue: with 90 days 36 ms an
-- issue, in everything that reads issues. A statement executed with the values is planned for their days: 1 ms.

create or replace function {schema}.reached_within(
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
