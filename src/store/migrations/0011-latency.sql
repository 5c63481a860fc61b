-- Latencies in seconds, per operation: by the minute as they come, and merged by the hour and the day.

create table {schema}.latency_histograms (
  bucket_start timestamptz not null,
  process text not null,
  seq bigint not null,
  service text not null,
  environment text not null,
  release_version text,
  kind text not null,
  operation text not null,
  http_method text,
  status_class text,
  peer text,
  scale int not null,
  zero_count bigint not null,
  bucket_offset int not null,
  counts bigint[] not null,
  count bigint not null,
  sum double precision not null,
  min double precision,
  max double precision,
  exemplars jsonb,
  -- Makes a repeat change nothing, and serves any span of time.
  primary key (bucket_start, process, seq)
) partition by range (bucket_start);

create table {schema}.latency_histograms_default partition of {schema}.latency_histograms default;

comment on table {schema}.latency_histograms is 'Latencies in seconds, one row per minute, operation, process and sequence. Read latency(since, until) for percentiles.';
comment on column {schema}.latency_histograms.kind is 'server, client, db, messaging or internal.';
comment on column {schema}.latency_histograms.operation is 'Route pattern, database operation or span name.';
comment on column {schema}.latency_histograms.status_class is '2xx to 5xx, ok or error.';
comment on column {schema}.latency_histograms.exemplars is 'A few traces of the minute, spread over its latencies: seconds (v), Unix milliseconds (t), trace and span.';

create function {schema}.hist({schema}.latency_histograms) returns {schema}.histogram
language sql immutable parallel safe as $$
  select row($1.scale, $1.zero_count, $1.bucket_offset, $1.counts, $1.count, $1.sum, $1.min, $1.max)::{schema}.histogram
$$;
comment on function {schema}.hist({schema}.latency_histograms) is 'The histogram of a row: select hist_quantile(hist_merge(hist(l)), 0.99) from latency_histograms l.';

create table {schema}.latency_hours (
  bucket_start timestamptz not null,
  service text not null,
  environment text not null,
  release_version text,
  kind text not null,
  operation text not null,
  http_method text,
  status_class text,
  peer text,
  scale int not null,
  zero_count bigint not null,
  bucket_offset int not null,
  counts bigint[] not null,
  count bigint not null,
  sum double precision not null,
  min double precision,
  max double precision
) partition by range (bucket_start);
-- For any span of time, and for doing an hour again.
create index latency_hours_time on {schema}.latency_hours (bucket_start);
comment on table {schema}.latency_hours is 'latency_histograms by the hour: all processes and minutes of an operation and release in one row. Partitioned by month.';

create table {schema}.latency_days (like {schema}.latency_hours) partition by range (bucket_start);
-- For any span of time, and for doing a day again.
create index latency_days_time on {schema}.latency_days (bucket_start);
comment on table {schema}.latency_days is 'latency_histograms by the day (UTC). Partitioned by year.';

create table {schema}.latency_hours_default partition of {schema}.latency_hours default;
create table {schema}.latency_days_default partition of {schema}.latency_days default;

-- done_until: up to where a level holds everything. kept_from: what is older was dropped and is in the coarser level only.
create table {schema}.latency_levels (
  level text primary key,
  done_until timestamptz not null default '-infinity',
  kept_from timestamptz not null default '-infinity'
);
insert into {schema}.latency_levels (level) values ('minutes'), ('hours'), ('days'), ('baselines');
comment on table {schema}.latency_levels is 'How far latencies are rolled up, and from when on each level is kept; of baselines, from hours up to when they were made.';

-- Appended by whoever writes a minute of an hour that may have been rolled up. No unique key: writers never wait for one
-- another.
create table {schema}.latency_late (hour timestamptz not null);
comment on table {schema}.latency_late is 'Hours in which minutes arrived late; the next roll-up takes them.';

-- Where somebody publishes all tables (logical replication, change data capture), Postgres refuses to delete from one without a
-- primary key or a replica identity, and roll-ups delete.
alter table {schema}.latency_hours replica identity full;
alter table {schema}.latency_hours_default replica identity full;
alter table {schema}.latency_days replica identity full;
alter table {schema}.latency_days_default replica identity full;
alter table {schema}.latency_late replica identity full;
