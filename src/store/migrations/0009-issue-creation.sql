-- From keys to issues: which issue a reference or a merged issue leads to, and issues for keys that have none.

create function {schema}.live_issue(issue bigint) returns bigint
language sql stable as $$
  with recursive way as (
    select i.id, i.merged_into from {schema}.issues i where i.id = issue
    union
    select i.id, i.merged_into from way join {schema}.issues i on i.id = way.merged_into
  )
  select id from way where merged_into is null
$$;
comment on function {schema}.live_issue(bigint) is 'The issue itself, or the one it was merged into.';

-- Upper case of ASCII as in service_key.
create function {schema}.find_issue(reference text) returns bigint
language sql stable as $$
  select {schema}.live_issue(found.id) from (
    select i.id from {schema}.issues i where i.id = substring(reference from '^#?([0-9]{1,18})$')::bigint
    union all
    select i.id
    from {schema}.services s join {schema}.issues i on i.service = s.service
    where s.key = upper(substring(reference from '^([A-Za-z][A-Za-z0-9]{0,9})-[0-9]{1,9}$') collate "C") collate "default"
      and i.number = substring(reference from '-([0-9]{1,9})$')::int
  ) found
$$;
comment on function {schema}.find_issue(text) is 'The id of an issue from its friendly id (API-12) or number; those of merged issues lead to where they went.';

create function {schema}.create_issues(given json) returns bigint
language plpgsql as $$
-- Issues for the keys of a batch that have none. A row may name keys of older algorithm versions: the newest of its keys
-- that is known decides, and those that are not join it, so that no writer of either version splits an issue.
declare
  fresh json;
  mine bigint[];
  bug record;
  home bigint;
  made bigint;
begin
  -- Most batches end here: every key is known.
  select json_agg(f) into fresh from (
    select g.*, nextval(pg_get_serial_sequence('{schema}.issues', 'id')) as issue_id
    from json_to_recordset(given) as g (service text, fingerprint text, version int, type text, title text, culprit text, previous json)
    where not exists (
      select from {schema}.issue_keys k where k.service = g.service and k.fingerprint = g.fingerprint and k.version = g.version
    ) or exists (
      select from json_to_recordset(g.previous) as p (fingerprint text, version int)
      where not exists (
        select from {schema}.issue_keys k where k.service = g.service and k.fingerprint = p.fingerprint and k.version = p.version)
    )
  ) f;
  if fresh is null then
    return 0;
  end if;

  -- The key decides races: whoever inserts it has it, everybody else waits for that transaction and finds it. All keys at
  -- once and sorted, so that nobody waits in a circle. Where they lead to is settled below.
  with unknown as (
    select * from json_to_recordset(fresh)
      as f (service text, fingerprint text, version int, type text, title text, culprit text, previous json, issue_id bigint)
  ), wanted as (
    select distinct on (service, fingerprint, version) * from (
      select service, fingerprint, version, type, title, culprit, issue_id, 0 as rank from unknown
      union all
      select b.service, p.fingerprint, p.version, b.type, b.title, b.culprit, b.issue_id, 1
      from unknown b cross join json_to_recordset(b.previous) as p (fingerprint text, version int)
    ) k
    order by service, fingerprint, version, rank, issue_id
  ), inserted as (
    insert into {schema}.issue_keys (service, fingerprint, version, type, title, culprit, issue_id)
    select service, fingerprint, version, type, title, culprit, issue_id
    from wanted w
    where not exists (
      select from {schema}.issue_keys k where k.service = w.service and k.fingerprint = w.fingerprint and k.version = w.version)
    order by service, fingerprint, version
    on conflict (service, fingerprint, version) do nothing
    returning id
  )
  select array_agg(id) into mine from inserted;

  for bug in
    select * from json_to_recordset(fresh) as f (service text, fingerprint text, version int, previous json, issue_id bigint)
    where previous is not null
    order by service, fingerprint, version
  loop
    select k.issue_id into home
    from (
      select bug.fingerprint as fingerprint, bug.version as version, 0 as rank
      union all
      select p.fingerprint, p.version, 1 from json_to_recordset(bug.previous) as p (fingerprint text, version int)
    ) p
    join {schema}.issue_keys k on k.service = bug.service and k.fingerprint = p.fingerprint and k.version = p.version
    where k.issue_id <> bug.issue_id
    order by p.rank, p.version desc
    limit 1;
    if found then
      update {schema}.issue_keys set issue_id = home where issue_id = bug.issue_id and id = any (mine);
    end if;
  end loop;

  -- A key that joins an issue while a person merges that issue away must go along: the lock makes one wait for the other.
  loop
    perform from {schema}.issues where id in (select issue_id from {schema}.issue_keys where id = any (mine)) order by id for share;
    update {schema}.issue_keys k set issue_id = {schema}.live_issue(i.id)
    from {schema}.issues i
    where k.id = any (mine) and i.id = k.issue_id and i.merged_into is not null;
    exit when not found;
  end loop;

  with needed as (
    select f.*, row_number() over (partition by service order by issue_id) as nr
    from json_to_recordset(fresh) as f (service text, type text, title text, culprit text, issue_id bigint)
    where issue_id in (select k.issue_id from {schema}.issue_keys k where k.id = any (mine))
  ), numbers as materialized (
    select service, {schema}.take_issue_numbers(service, n) as first
    from (select service, count(*)::int as n from needed group by service order by service) s
  )
  insert into {schema}.issues (id, number, type, title, culprit, service)
  select issue_id, first + nr - 1, type, title, culprit, service
  from needed join numbers using (service);
  get diagnostics made = row_count;
  return made;
end $$;
comment on function {schema}.create_issues(json) is 'Makes the issues and keys of a batch that are not there yet; returns how many issues it made.';
