-- Counters per key instead of per issue: an issue is the sum of its keys, so that whoever edits issue_keys moves exactly
-- the right counts. They are appended as deltas with the rows and folded later, so that a hot issue never serialises its
-- writers; what is read (issue_list and its like) adds what is not folded yet, and is exact.

-- One delta a key, hour, release and environment of a batch. No foreign key: its check would lock the key's row in every
-- writer.
create table {schema}.issue_deltas (
  id bigint primary key generated always as identity,
  hour timestamptz not null,
  count bigint not null,
  level {schema}.level not null,
  first_seen timestamptz not null,
  last_seen timestamptz not null,
  release text,
  key_id bigint not null,
  environment text,
  routes jsonb,
  users bigint[],
  sessions bigint[]
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
-- For adding the deltas of one key to its counts.
create index issue_deltas_key on {schema}.issue_deltas (key_id);
comment on table {schema}.issue_deltas is 'Counts on their way into the issue_key_… tables; fold_issue_deltas() empties it.';
comment on column {schema}.issue_deltas.count is 'Occurrences; 0 for what was learned later about rows counted before, -1 for a row that was taken back.';
comment on column {schema}.issue_deltas.routes is 'Route → occurrences; negative where a row''s route was corrected.';
comment on column {schema}.issue_deltas.users is '52-bit hashes of the users'' ids; the smallest 1,024 of a batch.';

create table {schema}.issue_key_counts (
  key_id bigint primary key references {schema}.issue_keys (id) on delete cascade,
  count bigint not null,
  level {schema}.level not null,
  first_seen timestamptz not null,
  last_seen timestamptz not null,
  first_release text,
  last_release text
);
comment on table {schema}.issue_key_counts is 'Occurrences per key, folded so far. Read issue_list for exact counts.';

create table {schema}.issue_key_hours (
  key_id bigint not null references {schema}.issue_keys (id) on delete cascade,
  hour timestamptz not null,
  count bigint not null,
  primary key (key_id, hour)
);
-- For what happened in the last two hours.
create index issue_key_hours_hour on {schema}.issue_key_hours (hour);
comment on table {schema}.issue_key_hours is 'Occurrences per key and hour, folded so far. Read issue_hour_counts for exact counts.';

create table {schema}.issue_key_releases (
  key_id bigint not null references {schema}.issue_keys (id) on delete cascade,
  release text not null,
  environment text not null,
  count bigint not null,
  first_seen timestamptz not null,
  last_seen timestamptz not null,
  primary key (key_id, release, environment)
);
comment on table {schema}.issue_key_releases is 'Occurrences per key, release and environment ('''' where unknown), folded so far. Read issue_release_counts.';

create table {schema}.issue_key_routes (
  key_id bigint not null references {schema}.issue_keys (id) on delete cascade,
  route text not null,
  count bigint not null,
  primary key (key_id, route)
);
comment on table {schema}.issue_key_routes is 'Occurrences per key and route, folded so far; from the 201st route of a key on as "(other)". Read issue_route_counts.';

create table {schema}.issue_key_people (
  key_id bigint not null references {schema}.issue_keys (id) on delete cascade,
  kind text not null check (kind in ('user', 'session')),
  hashes bigint[] not null,
  primary key (key_id, kind)
);
comment on table {schema}.issue_key_people is 'The 1,024 smallest hashes of the users and sessions a key met, folded so far. Read issue_people(issue, kind).';

-- K minimum values: a set of 1,024 smallest hashes is the set itself while it is smaller, and tells the size of a larger
-- one with a standard error of 3 % (1/√K); sets of several keys are joined without counting anybody twice.
create function {schema}.smallest_hashes(hashes bigint[]) returns bigint[]
language sql immutable parallel safe as $$
  select array_agg(h order by h) from (select distinct h from unnest(hashes) h order by h limit 1024) s
$$;

create function {schema}.issue_people(issue bigint, of_kind text) returns bigint
language sql stable as $$
  with met as (
    select unnest(p.hashes) as h
    from {schema}.issue_keys k join {schema}.issue_key_people p on p.key_id = k.id
    where k.issue_id = issue and p.kind = of_kind
    union
    select unnest(case of_kind when 'user' then d.users else d.sessions end)
    from {schema}.issue_keys k join {schema}.issue_deltas d on d.key_id = k.id
    where k.issue_id = issue
  ), smallest as (
    select h from met order by h limit 1024
  )
  select case when count(*) < 1024 then count(*) else round(1023 * power(2::numeric, 52) / max(h))::bigint end from smallest
$$;
comment on function {schema}.issue_people(bigint, text) is 'How many users (kind user) or sessions (kind session) an issue met: exact below 1,024, beyond that estimated with a standard error of 3 % (one in twenty is off by more than 6 %).';
