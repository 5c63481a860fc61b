-- What delivery keeps about itself: carriers and repeats of what is stored, what no retry can store, and the account of every
-- accepted record.

create table {schema}.occurrence_keys (
  key text primary key,
  event_id uuid not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  carriers jsonb not null default '[]'
);
-- For removing what has expired.
create index occurrence_keys_expiry on {schema}.occurrence_keys (expires_at);
comment on table {schema}.occurrence_keys is 'Makes one exception that came by several carriers one row: key of the occurrence to the row that stands for it.';
comment on column {schema}.occurrence_keys.key is 'Of trace, type, message and stack.';
comment on column {schema}.occurrence_keys.carriers is 'Span, known ancestors and time of each carrier, and the row it became or became part of.';
comment on column {schema}.occurrence_keys.event_id is 'The first row made with that key.';

create table {schema}.repeats (
  event_id uuid not null,
  acceptance int not null,
  noted_at timestamptz not null default now(),
  primary key (event_id, acceptance)
);
-- For removing what is old.
create index repeats_age on {schema}.repeats (noted_at);
comment on table {schema}.repeats is 'Records that count as merged in the ledger, by the request that brought them (-1 for those of processes that make their ids themselves): such as were accepted once more while they were stored already, and such as are part of another one. Each counts once, whatever is delivered again.';

create table {schema}.dead_letters (
  id bigint primary key generated always as identity,
  created_at timestamptz not null default now(),
  event_id uuid,
  kind text not null,
  reason text not null,
  raw text not null,
  -- Of kind and raw: a record that is given up twice is kept once.
  digest text not null unique,
  process text,
  occurrences bigint not null default 0,
  resource jsonb,
  acceptance int
);
-- For the letter of a record that turned out to be part of another one.
create index dead_letters_event on {schema}.dead_letters (event_id) where event_id is not null;
comment on table {schema}.dead_letters is 'Records that no retry can store, with the reason and the raw line.';
comment on column {schema}.dead_letters.process is 'service.instance.id of the writer: whose ledger it counts in.';
comment on column {schema}.dead_letters.occurrences is 'How many accepted occurrences it stands for: 0 for what is no log record and no count of them.';
comment on column {schema}.dead_letters.resource is 'Who wrote it, as the journal says; null for a line of which that is not known, and for a row that a worker gave up. A record can be replayed only with it, a row without.';
comment on column {schema}.dead_letters.acceptance is 'As in error_logs.';

-- So that the account closes: accepted = stored + merged + aggregated + dead-lettered + dropped(reason) + pending. What a
-- process reports is a floor, what the database counts in its own transactions is exact, and what is left when no journal of
-- the process is left was lost.
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
  dropped jsonb not null default '{}',
  absorbed bigint not null default 0,
  aggregated bigint not null default 0,
  discarded bigint not null default 0,
  ended_at timestamptz
);
comment on table {schema}.ledger is 'One row a process: what it accepted and what became of it, counted in the transactions that store. Read ledger_balance.';
comment on column {schema}.ledger.accepted is 'The highest that the process reported, in a report or on a row.';
comment on column {schema}.ledger.merged is 'Further carriers of one exception that made no record, as the process reported them.';
comment on column {schema}.ledger.absorbed is 'Records that turned out to be part of another one, and those that another request had brought before.';
comment on column {schema}.ledger.aggregated is 'Occurrences in error_counts, counted in the transaction that stores.';
comment on column {schema}.ledger.discarded is 'Dead letters that a person threw away.';
comment on column {schema}.ledger.ended_at is 'When the last journal of the process was stored to its end; null while more may come.';

create view {schema}.ledger_balance as
select
  process, service, host, pid, updated_at, ended_at,
  greatest(accepted, settled) as accepted,
  stored, merged + absorbed as merged, aggregated, dead_lettered,
  dropped || jsonb_strip_nulls(jsonb_build_object(
    'discarded', nullif(discarded, 0), 'lost', nullif(lost, 0))) as dropped,
  reported_drops + discarded + lost as dropped_total,
  greatest(accepted - settled - lost, 0) as pending,
  -- More records settled than were accepted: something was counted twice. A process that never reported has no word in it.
  accepted = 0 or accepted >= settled as closes
from (
  select l.*, d.reported_drops, s.settled,
    case when ended_at is not null then greatest(accepted - s.settled, 0) else 0 end as lost
  from {schema}.ledger l
  cross join lateral (
    select coalesce(sum(value::text::bigint), 0)::bigint as reported_drops from jsonb_each(l.dropped)
  ) d
  cross join lateral (
    select stored + merged + absorbed + aggregated + dead_lettered + discarded + d.reported_drops as settled
  ) s
) l;
comment on view {schema}.ledger_balance is 'Per process: accepted = stored + merged + aggregated + dead_lettered + dropped_total + pending. closes is false where more was settled than accepted.';
