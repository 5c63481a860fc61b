-- Hours are kept as long as their minutes: a late minute adds those of its hour to the day.

create or replace function {schema}.apply_retention(errors_days int, calls_days int, minutes_days int, hours_days int) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  today timestamptz := date_trunc('day', now(), 'UTC');
  rolled timestamptz;
  before timestamptz;
  dropped int := 0;
begin
  -- The roll-up's own: what it is about to read must not go.
  if not pg_try_advisory_xact_lock(hashtextextended('rowtrace roll-up {schema}', 0)) then
    return 0;
  end if;
  if errors_days > 0 then
    dropped := dropped + {schema}.drop_before('error_logs', 'created_at', today - errors_days * interval '24 hours')
      + {schema}.drop_before('error_counts', 'created_at', today - errors_days * interval '24 hours');
  end if;
  if calls_days > 0 then
    dropped := dropped + {schema}.drop_before('http_calls', 'created_at', today - calls_days * interval '24 hours');
  end if;
  if minutes_days > 0 then
    select done_until into rolled from {schema}.latency_levels where level = 'hours';
    before := date_trunc('day', least(today - minutes_days * interval '24 hours', rolled), 'UTC');
    if before > '-infinity' then
      -- With the table locked no minute of an hour that was rolled up can come in between.
      lock table {schema}.latency_histograms in access exclusive mode;
      if not exists (select from {schema}.latency_late where hour < before) then
        dropped := dropped + {schema}.drop_before('latency_histograms', 'bucket_start', before);
        update {schema}.latency_levels set kept_from = before where level = 'minutes' and kept_from < before;
      end if;
    end if;
  end if;
  if hours_days > 0 then
    select done_until into rolled from {schema}.latency_levels where level = 'days';
    -- Never before their minutes.
    select least(rolled, kept_from) into rolled from {schema}.latency_levels where level = 'minutes';
    before := date_trunc('month', least(today - hours_days * interval '24 hours', rolled), 'UTC');
    if before > '-infinity' then
      dropped := dropped + {schema}.drop_before('latency_hours', 'bucket_start', before);
      update {schema}.latency_levels set kept_from = before where level = 'hours' and kept_from < before;
    end if;
  end if;
  return dropped;
end $$;
