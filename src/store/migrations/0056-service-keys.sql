-- "@shop/orders" → ORDERS: in a monorepo all services have the scope in common, and were SHOP, SHOP2, SHOP3 … Keys that were
-- given stay; the rest is as in 0004.
create or replace function {schema}.service_key(service text) returns text
language sql immutable parallel safe as $$
  with word as (
    select upper(w.word collate "C") as word, w.at, sum(length(w.word)) over (order by w.at) as upto
    from regexp_split_to_table(regexp_replace(service, '^@[^/]*/(?=.*[A-Za-z0-9])', ''), '[^A-Za-z0-9]+')
      with ordinality as w (word, at)
    where w.word <> ''
  ), key as (
    select coalesce(string_agg(word, '' order by at) filter (where upto <= 10), left(string_agg(word, '' order by at), 10), 'SVC') as key
    from word
  )
  select case when key ~ '^[0-9]' then 'S' || left(key, 9) else key end from key
$$;
