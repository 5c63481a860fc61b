-- Who an issue is: friendly ids (API-12) per service, keys with an id and facts of their own, releases in the order they
-- were first seen, where a merged issue went, and who did what to it.

create table {schema}.services (
  service text primary key,
  key text not null unique check (key ~ '^[A-Z][A-Z0-9]{0,9}$'),
  last_number int not null default 0
);
comment on table {schema}.services is 'The short key of each service in friendly ids (API of API-12), and how many numbers were given out.';

-- "checkout-service" → CHECKOUT: whole words while they fit into ten characters, else the first ten.
create function {schema}.service_key(service text) returns text
language sql immutable parallel safe as $$
  with word as (
    select upper(w.word) as word, w.at, sum(length(w.word)) over (order by w.at) as upto
    from regexp_split_to_table(service, '[^A-Za-z0-9]+') with ordinality as w (word, at)
    where w.word <> ''
  ), key as (
    select coalesce(string_agg(word, '' order by at) filter (where upto <= 10), left(string_agg(word, '' order by at), 10), 'SVC') as key
    from word
  )
  select case when key ~ '^[0-9]' then 'S' || left(key, 9) else key end from key
$$;

-- Only writers that make new issues of one service wait here for each other; those of existing issues never come by.
create function {schema}.take_issue_numbers(of_service text, how_many int) returns int
language plpgsql as $$
declare
  base text := {schema}.service_key(of_service);
  nr int := 1;
  first int;
begin
  loop
    update {schema}.services set last_number = last_number + how_many
    where service = of_service
    returning last_number - how_many + 1 into first;
    if found then
      return first;
    end if;
    -- Another service may have the key, another writer may have made the service: the next round tells.
    insert into {schema}.services (service, key)
    values (of_service, case when nr = 1 then base else left(base, 10 - length(nr::text)) || nr end)
    on conflict do nothing;
    nr := nr + 1;
  end loop;
end $$;

alter table {schema}.issues
  add number int,
  add merged_into bigint references {schema}.issues (id),
  add resolved_how text check (resolved_how in ('now', 'release', 'next-release')),
  add resolved_release text,
  add ignored_until timestamptz,
  add ignored_count bigint,
  add ignored_period_ms bigint,
  add ignored_seen bigint not null default 0;

update {schema}.issues i set number = n.number
from (
  select i.id, t.first + row_number() over (partition by i.service order by i.id) - 1 as number
  from {schema}.issues i
  join (
    select service, {schema}.take_issue_numbers(service, count(*)::int) as first from {schema}.issues group by service
  ) t using (service)
) n
where n.id = i.id;

alter table {schema}.issues alter number set not null;
-- For finding API-12.
create unique index issues_number on {schema}.issues (service, number);
-- For the transitions that are due.
create index issues_waiting on {schema}.issues (status) where status in ('resolved', 'ignored');

comment on column {schema}.issues.number is 'Counts per service; given once, with the service''s key the friendly id.';
comment on column {schema}.issues.merged_into is 'Where its keys went; its ids lead there (live_issue).';
comment on column {schema}.issues.resolved_release is 'The release it was resolved in; for "now" and "next-release" the newest one at that time.';
comment on column {schema}.issues.ignored_count is 'Comes back after so many more occurrences, within ignored_period_ms if that is given.';
comment on column {schema}.issues.ignored_seen is 'How many of them were folded so far.';

alter table {schema}.issue_keys
  add id bigint not null generated always as identity unique,
  add type text,
  add title text,
  add culprit text,
  -- Checked at commit: keys are taken before it is known which issue they lead to (create_issues).
  drop constraint issue_keys_issue_id_fkey,
  add constraint issue_keys_issue_id_fkey foreign key (issue_id) references {schema}.issues (id)
    on delete cascade deferrable initially deferred;
update {schema}.issue_keys k set type = i.type, title = i.title, culprit = i.culprit
from {schema}.issues i where i.id = k.issue_id;
comment on table {schema}.issue_keys is 'Which fingerprints make up an issue. Counters are kept per key, so that merge, split and undo are edits of this table and nothing else.';
comment on column {schema}.issue_keys.title is 'What an issue of this key alone is called.';

create table {schema}.releases (
  service text not null,
  release text not null,
  first_seen timestamptz not null,
  build_sha text,
  primary key (service, release)
);
comment on table {schema}.releases is 'Releases of each service by when they were first seen (in captured time). Read release_list for their order.';

create table {schema}.issue_history (
  id bigint primary key generated always as identity,
  issue_id bigint not null references {schema}.issues (id) on delete cascade,
  others bigint[] not null default '{}',
  at timestamptz not null default clock_timestamp(),
  actor text not null,
  action text not null check (action in ('resolved', 'ignored', 'reopened', 'merged', 'split', 'undone', 'regressed', 'ignore-ended')),
  detail jsonb not null default '{}',
  undone_by bigint references {schema}.issue_history (id) on delete set null
);
-- For the history of one issue.
create index issue_history_issue on {schema}.issue_history (issue_id);
comment on table {schema}.issue_history is 'Who did what to an issue, and when. Never rewritten: what was undone is marked with the entry that undid it.';
comment on column {schema}.issue_history.others is 'Other issues it concerns: those merged in, the one split off.';
comment on column {schema}.issue_history.detail is 'What undo needs: the state before, or the keys that moved.';
