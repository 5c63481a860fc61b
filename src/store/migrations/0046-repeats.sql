-- What a sender repeats is accepted again, by another receiver or by the same after a restart, and is stored already. So that
-- the account closes, each repeat counts as merged, once: not again when a batch is delivered twice.

alter table {schema}.error_logs add acceptance int;
comment on column {schema}.error_logs.acceptance is 'Which request of a receiver it came with: with another one the same row is a repeat, with the same a replay. Null for rows of processes that make their ids themselves.';
alter table {schema}.error_counts add acceptance int;
comment on column {schema}.error_counts.acceptance is 'As in error_logs.';

create table {schema}.repeats (
  event_id uuid not null,
  acceptance int not null,
  noted_at timestamptz not null default now(),
  primary key (event_id, acceptance)
);
-- For removing what is old.
create index repeats_age on {schema}.repeats (noted_at);
comment on table {schema}.repeats is 'Rows that were accepted once more while they were stored already, by the request that brought them: so that each counts as merged once in the ledger.';

comment on column {schema}.ledger.absorbed is 'Records that turned out to be part of another one, counted when that one is stored, and those that another request had brought before.';
