-- Source maps: stack_trace is the mapped stack; the stack as it was caught, the source lines around the culprit, and what
-- could not be mapped stand beside it.

alter table {schema}.error_logs
  add column raw_stack_trace text,
  add column source_context jsonb,
  add column unmapped_frames jsonb;

do $$ begin
  alter table {schema}.error_logs alter column raw_stack_trace set compression lz4;
exception when feature_not_supported then
  null; -- a server built without lz4 (PGlite among them) keeps pglz
end $$;

comment on column {schema}.error_logs.stack_trace is 'Stack and cause chain; places of compiled code are those of the original files where source maps told them.';
comment on column {schema}.error_logs.raw_stack_trace is 'The stack as it was caught; null when nothing in stack_trace was mapped.';
comment on column {schema}.error_logs.source_context is 'Source around the culprit: {file, line, column, function, first, lines}; first is the number of the first of the lines.';
comment on column {schema}.error_logs.unmapped_frames is 'Files of frames that should have been mapped and were not: [{file, reason}].';
