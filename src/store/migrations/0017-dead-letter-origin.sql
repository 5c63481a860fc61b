-- What it takes to deliver a dead letter once more, and to account for it: who wrote it and how many occurrences it is.

alter table {schema}.dead_letters
  add process text,
  add occurrences bigint not null default 0,
  add resource jsonb;
update {schema}.dead_letters set occurrences = 1 where kind = 'log';
comment on column {schema}.dead_letters.process is 'service.instance.id of the writer: whose ledger it counts in.';
comment on column {schema}.dead_letters.occurrences is 'How many accepted occurrences it stands for: 0 for what is no log record and no count of them.';
comment on column {schema}.dead_letters.resource is 'Who wrote it, as the journal says; null for a line of which that is not known. Only with it can it be replayed.';
