-- What delivery keeps about itself.

create table {schema}.occurrence_keys (
  key text primary key,
  event_id uuid not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
-- For removing what has expired.
create index occurrence_keys_expiry on {schema}.occurrence_keys (expires_at);
comment on table {schema}.occurrence_keys is 'Makes one exception that came by several carriers one row: key of the occurrence to the row that stands for it.';

create table {schema}.dead_letters (
  id bigint primary key generated always as identity,
  created_at timestamptz not null default now(),
  event_id uuid,
  kind text not null,
  reason text not null,
  raw text not null,
  -- Of kind and raw: a record that is given up twice is kept once.
  digest text not null unique
);
comment on table {schema}.dead_letters is 'Records that no retry can store, with the reason and the raw line.';

create table {schema}.ledger (
  process text primary key,
  service text not null,
  host text,
  pid int,
  seq bigint not null,
  updated_at timestamptz not null,
  accepted bigint not null,
  merged bigint not null,
  stored bigint not null,
  dead_lettered bigint not null,
  dropped jsonb not null default '{}'
);
comment on table {schema}.ledger is 'One row a process: what it accepted and what became of it. stored is counted in the transaction that stores.';
