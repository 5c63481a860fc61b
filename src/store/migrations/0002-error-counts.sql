-- error_counts: occurrences beyond what a storm stores in full. One row stands for many of one bug in at most a minute, so
-- that what is counted stays exact while rows and bytes stay bounded.

create table {schema}.error_counts (
  event_id uuid not null,
  created_at timestamptz not null,
  last_seen timestamptz not null,
  count bigint not null check (count >= 0),
  level {schema}.level not null,
  fingerprint text not null,
  fingerprint_version int not null,
  error_type text,
  message_template text not null,
  service text not null,
  environment text not null,
  release_version text,
  acceptance int,
  -- Makes a batch that is delivered twice count once. The partition key has to be in it.
  primary key (event_id, created_at)
) partition by range (created_at);

create table {schema}.error_counts_default partition of {schema}.error_counts default;

-- For the counts of an issue.
create index error_counts_fingerprint on {schema}.error_counts (fingerprint, created_at desc);

comment on table {schema}.error_counts is 'Occurrences that were counted and not stored, in a storm of errors: each row stands for count of them. Partitioned by day on created_at.';
comment on column {schema}.error_counts.created_at is 'When the first of them was captured; all are of the same minute.';
comment on column {schema}.error_counts.last_seen is 'When the last of them was captured.';
comment on column {schema}.error_counts.count is 'How many; added to the counters of their issue when the row came. 0 for what was only raised to a worse level.';
comment on column {schema}.error_counts.acceptance is 'As in error_logs.';
