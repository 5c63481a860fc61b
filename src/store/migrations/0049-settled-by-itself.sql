-- Each record is settled by itself, by its id and the request that brought it, whoever else writes at the same moment: what is
-- part of another one is noted in repeats where it is taken back (or where delivery held it), and comes to nothing after that.

comment on table {schema}.repeats is 'Records that count as merged in the ledger, by the request that brought them (-1 for those of processes that make their ids themselves): such as were accepted once more while they were stored already, and such as are part of another one. Each counts once, whatever is delivered again.';
comment on column {schema}.ledger.absorbed is 'Records that turned out to be part of another one, and those that another request had brought before.';

alter table {schema}.dead_letters add acceptance int;
update {schema}.dead_letters
set acceptance = case when (resource ->> 'acceptance')::bigint <= 2147483647 then (resource ->> 'acceptance')::int end
where resource ->> 'acceptance' ~ '^[0-9]{1,10}$';
comment on column {schema}.dead_letters.acceptance is 'As in error_logs.';
