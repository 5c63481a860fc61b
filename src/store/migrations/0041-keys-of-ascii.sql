-- Keys of services in the upper case of ASCII, whatever the locale of the database.

-- "checkout-service" → CHECKOUT: whole words while they fit into ten characters, else the first ten. In a Turkish
-- database upper("i") is "İ", which is in no key.
create or replace function {schema}.service_key(service text) returns text
language sql immutable parallel safe as $$
  with word as (
    select upper(w.word collate "C") as word, w.at, sum(length(w.word)) over (order by w.at) as upto
    from regexp_split_to_table(service, '[^A-Za-z0-9]+') with ordinality as w (word, at)
    where w.word <> ''
  ), key as (
    select coalesce(string_agg(word, '' order by at) filter (where upto <= 10), left(string_agg(word, '' order by at), 10), 'SVC') as key
    from word
  )
  select case when key ~ '^[0-9]' then 'S' || left(key, 9) else key end from key
$$;

create or replace function {schema}.find_issue(reference text) returns bigint
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
