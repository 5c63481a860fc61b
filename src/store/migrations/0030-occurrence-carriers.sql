-- One exception that came by several carriers from outside: which carriers are known, so that the next one finds its row.

alter table {schema}.occurrence_keys add carriers jsonb not null default '[]';
comment on column {schema}.occurrence_keys.key is 'Of trace, type, message and stack.';
comment on column {schema}.occurrence_keys.carriers is 'Span, known ancestors and time of each carrier, and the row it became or became part of.';
comment on column {schema}.occurrence_keys.event_id is 'The first row made with that key.';
