-- Keys of those who may send to a receiver.

create table {schema}.api_keys (
  id text primary key,
  name text not null,
  digest text not null,
  scopes text[] not null,
  services text[],
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  last_used_at timestamptz
);
comment on table {schema}.api_keys is 'API keys of receivers. A key itself is shown once, when it is made, and stored nowhere.';
comment on column {schema}.api_keys.id is 'The visible part of the key, between "rt_" and the secret.';
comment on column {schema}.api_keys.digest is 'SHA-256 of the whole key, hex. Keys are 160 random bits, so that no slow hash is needed.';
comment on column {schema}.api_keys.scopes is 'ingest: may send; read: may ask.';
comment on column {schema}.api_keys.services is 'service.name of those it may send for; null is all.';
comment on column {schema}.api_keys.last_used_at is 'To a few minutes.';
