-- Partitions get the same bounds whoever asks for them: these two write times into statements, which another DateStyle than
-- ISO gives names of zones that other zones have, too ("IST" is Israel's). Our own connections set it themselves; psql and
-- pg_cron do not.

alter function {schema}.make_partition(text, text, text, timestamptz, timestamptz, boolean) set datestyle = 'ISO, MDY';
alter function {schema}.drop_before(text, text, timestamptz) set datestyle = 'ISO, MDY';

comment on column {schema}.dead_letters.resource is 'Who wrote it, as the journal says; null for a line of which that is not known, and for a row that a worker gave up. A record can be replayed only with it, a row without.';
