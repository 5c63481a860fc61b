-- Sizes of calls, where they are known, and what led to an error.

alter table {schema}.http_calls add column request_bytes bigint;
alter table {schema}.http_calls add column response_bytes bigint;
comment on column {schema}.http_calls.weight is 'How many calls of the operation the row stands for: 1 for failed and slow ones and for the first of a minute and operation, else 1 / rate. Sums over it estimate the truth without bias: sum(weight), sum(weight * latency_ms).';

alter table {schema}.error_logs add column breadcrumbs jsonb;
comment on column {schema}.error_logs.breadcrumbs is 'The last spans and log records of the request before the row, oldest first, 20 at most: Unix milliseconds (t), what it was, milliseconds it took (ms) or its level.';
