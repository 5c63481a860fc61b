-- For the newest rows of the worst level (tail, dashboards), of which there may be one in millions: by time alone all rows since
-- are read. The others pay nothing for it. A query has to say "level >= 'CRITICAL'".
create index error_logs_critical on {schema}.error_logs (created_at desc, id desc) where level >= 'CRITICAL';
