-- latency_histograms: latencies per minute and operation as base-2 exponential histograms (OpenTelemetry metrics data
-- model, ExponentialHistogram), in seconds. Bucket i counts values in (base^(bucket_offset+i), base^(bucket_offset+i+1)],
-- base = 2^(2^-scale).

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
  -- Makes a repeat change nothing, and serves any span of time.
  primary key (bucket_start, process, seq)
) partition by range (bucket_start);

create table {schema}.latency_histograms_default partition of {schema}.latency_histograms default;

comment on table {schema}.latency_histograms is 'Latencies in seconds, one row per minute, operation, process and sequence. Read latency(since, until) for percentiles.';
comment on column {schema}.latency_histograms.kind is 'server, client, db, messaging or internal.';
comment on column {schema}.latency_histograms.operation is 'Route pattern, database operation or span name.';
comment on column {schema}.latency_histograms.status_class is '2xx to 5xx, ok or error.';
