-- http_calls: inbound and outbound calls at full fidelity, sampled; `weight` says how many calls a row stands for.

create table {schema}.http_calls (
  event_id uuid not null,
  created_at timestamptz not null,
  direction text not null,
  service text not null,
  environment text not null,
  release_version text,
  peer text,
  route text,
  http_method text,
  http_status int,
  latency_ms int,
  error_type text,
  request_id text,
  session_id text,
  user_id text,
  trace_id text,
  span_id text,
  weight double precision not null default 1,
  tags jsonb not null default '{}',
  request_bytes bigint,
  response_bytes bigint,
  -- Makes a batch that is delivered twice change nothing.
  primary key (event_id, created_at)
) partition by range (created_at);

create table {schema}.http_calls_default partition of {schema}.http_calls default;

-- For the newest calls and any span of time.
create index http_calls_time on {schema}.http_calls (created_at desc);
-- For the calls of one trace.
create index http_calls_trace on {schema}.http_calls (trace_id) where trace_id is not null;

comment on table {schema}.http_calls is 'Sampled HTTP calls, one row each; failed and slow ones always. sum(weight) estimates how many there were.';
comment on column {schema}.http_calls.weight is 'How many calls of the operation the row stands for: 1 for failed and slow ones and for the first of a minute and operation, else 1 / rate. Sums over it estimate the truth without bias: sum(weight), sum(weight * latency_ms).';
