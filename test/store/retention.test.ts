import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/journals.ts';
import { KINDS, openSink } from '../support/sinks.ts';

for (const kind of KINDS)
  describe(`retention on ${kind}`, () => {
    test('what was counted only goes when what was stored goes, as a partition and as rows of the default one', async (t) => {
      const { db } = await openSink(t, kind);
      await db.query(`create table rowtrace.error_counts_old partition of rowtrace.error_counts
        for values from ('2020-01-01 00:00:00+00') to ('2020-01-02 00:00:00+00')`);
      await db.query(`insert into rowtrace.error_counts
          (event_id, created_at, last_seen, count, level, fingerprint, fingerprint_version, message_template, service, environment)
        select gen_random_uuid(), at, at, 3, 'ERROR', 'f', 1, 'm', 's', 'e'
        from unnest(array['2020-01-01 12:00:00+00', now() - interval '40 days', now() - interval '3 days', now()]::timestamptz[]) at`);
      const ages = async () =>
        (
          await db.query<{ days: number }>(
            `select extract(day from now() - created_at)::int as days from rowtrace.error_counts order by days`,
          )
        ).map(({ days }) => days);
      await db.query('select rowtrace.apply_retention(0, 1, 0, 0)');
      assert.equal((await ages()).length, 4, 'kept for ever');
      let dropped = 0;
      // The sink's own maintenance rolls up after it was opened, and retention waits for another time then.
      await until('retention', async () => {
        const [row] = await db.query<{ dropped: number }>('select rowtrace.apply_retention(30, 0, 0, 0) as dropped');
        dropped = row!.dropped;
        return dropped > 0;
      });
      assert.deepEqual(await ages(), [0, 3]);
      assert.equal(dropped, 1);
    });

    test('of a hundred days thirty go at a time, the oldest first', async (t) => {
      const { db } = await openSink(t, kind);
      for (const table of ['error_logs', 'http_calls'])
        await db.query(
          `select rowtrace.make_partition(
             '${table}', 'created_at', '${table}_' || to_char(day, 'YYYYMMDD'), day at time zone 'UTC',
             (day + interval '1 day') at time zone 'UTC', false)
           from (select date_trunc('day', now() at time zone 'UTC') - n * interval '1 day' as day from generate_series(2, 110) n) d`,
        );
      await db.query(`insert into rowtrace.http_calls (event_id, created_at, direction, service, environment)
        select gen_random_uuid(), now() - n * interval '1 day', 'inbound', 's', 'e' from generate_series(0, 120) n`);
      const oldest = async () =>
        (
          await db.query<{ days: number }>(
            `select extract(day from now() - min(created_at))::int as days from rowtrace.http_calls`,
          )
        )[0]!.days;
      assert.equal(await oldest(), 120);
      const dropped: number[] = [];
      await until('retention', async () => {
        const [row] = await db.query<{ dropped: number }>('select rowtrace.apply_retention(10, 10, 0, 0) as dropped');
        if (dropped.length > 0 || row!.dropped > 0) dropped.push(row!.dropped);
        if (dropped.length === 1) assert.equal(await oldest(), 80);
        return dropped.at(-1) === 0;
      });
      assert.deepEqual(dropped, [60, 60, 60, 20, 0]);
      assert.equal(await oldest(), 10);
    });
  });
