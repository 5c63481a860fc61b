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
  });
