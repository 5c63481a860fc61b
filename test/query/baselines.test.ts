// What is usual for an operation at this hour: which of its past is taken, made once an hour, and read by its service only.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { latencyBaselines } from '../../src/query/baselines.ts';
import type { Db } from '../../src/store/db.ts';
import { openServer, SERVERS } from '../support/servers.ts';

const THIS_HOUR = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000).toISOString();
const PLACE = { service: 'shop', environment: 'test' };

/** 1 ms to `count` ms, or as given, `hours` before this hour. */
interface Past {
  operation: string;
  hours: number[];
  count: number;
  status?: string;
  service?: string;
  table?: 'latency_hours' | 'latency_days';
}

for (const server of SERVERS) {
  describe(`baselines on ${server}`, () => {
    let db: Db;
    let drop: () => Promise<void>;
    before(async () => {
      ({ db, drop } = await openServer(server));
    });
    after(() => drop());
    beforeEach(async () => {
      await db.query('delete from rowtrace.latency_hours');
      await db.query('delete from rowtrace.latency_days');
      await db.query('delete from rowtrace.latency_baselines');
    });

    const insert = ({ operation, hours, count, status = '2xx', service = 'shop', table = 'latency_hours' }: Past) =>
      db.query(
        `insert into rowtrace.${table} (bucket_start, service, environment, kind, operation, http_method, status_class,
           scale, zero_count, bucket_offset, counts, count, sum, min, max)
         select $6::timestamptz - ago * interval '1 hour', $4, 'test', 'server', $1, 'GET', $3, (h).*
         from unnest($2::int[]) ago, (
           select rowtrace.hist_from_values(array_agg(n / 1000.0::float8)) as h from generate_series(1, $5::int) n
         ) made`,
        [operation, hours, status, service, count, THIS_HOUR],
      );
    const week = 168;

    test('the most alike past that has enough to judge by is taken; failures are left out', async () => {
      const weeks = [1, 2, 3, 4].map((nr) => nr * week);
      const near = weeks.flatMap((at) => [at - 2, at - 1, at, at + 1, at + 2]);
      const days = [1, 2, 3, 4, 5, 6].map((nr) => nr * 24);
      await insert({ operation: '/week', hours: weeks, count: 100 });
      await insert({ operation: '/week', hours: weeks, count: 1000, status: '5xx' });
      await insert({ operation: '/days', hours: [...days, week], count: 50 });
      await insert({ operation: '/near', hours: near, count: 15 });
      await insert({ operation: '/month', hours: [48, 72, 96], count: 200, table: 'latency_days' });
      await insert({ operation: '/new', hours: [1, 2, 3], count: 100 });
      await insert({ operation: '/few', hours: [...near, 1, 2, 3], count: 10 });
      const found = await db.query<{ operation: string; source: string; count: number; hours: number; p50_ms: number }>(
        'select operation, source, count, hours, p50_ms from rowtrace.latency_baselines_at($1) order by operation',
        [THIS_HOUR],
      );
      assert.deepEqual(
        found.map(({ operation, source, count, hours }) => [operation, source, count, hours]),
        [
          ['/days', 'days', 350, 7],
          ['/month', 'month', 600, 72],
          ['/near', 'near', 300, 20],
          ['/new', 'day', 300, 3],
          ['/week', 'week', 400, 4],
        ],
      );
      const usual = found.find(({ operation }) => operation === '/week')!.p50_ms;
      assert.ok(Math.abs(usual / 50 - 1) < 0.1, `${usual}`);
    });

    test('where there are none they are made once for each hour that is rolled up', async () => {
      const refresh = async () =>
        (await db.query<{ made: boolean }>('select rowtrace.refresh_latency_baselines() as made'))[0]!.made;
      const rollUp = (until: string) =>
        db.query(`update rowtrace.latency_levels set done_until = ${until} where level = 'hours'`);
      await db.query(`update rowtrace.latency_levels set done_until = '-infinity'`);
      await insert({ operation: '/few', hours: [1, 2], count: 100 });
      await rollUp(`date_trunc('hour', now()) - interval '1 hour'`);
      assert.equal(await refresh(), true);
      assert.equal(await refresh(), false, 'nothing came since');
      await insert({ operation: '/few', hours: [3], count: 100 });
      await rollUp(`date_trunc('hour', now())`);
      assert.equal(await refresh(), true);
      assert.deepEqual(
        (await latencyBaselines(db, 'rowtrace', PLACE)).map(({ operation }) => operation),
        ['/few'],
      );
      assert.equal(await refresh(), false, 'this hour has them');
    });

    test('they are made once an hour, and only when there are hours; a service reads its own', async () => {
      await insert({ operation: '/new', hours: [1, 2, 3], count: 100 });
      await insert({ operation: '/other', hours: [1, 2, 3], count: 100, service: 'bank' });
      const refresh = async () =>
        (await db.query<{ made: boolean }>('select rowtrace.refresh_latency_baselines() as made'))[0]!.made;
      await db.query(`update rowtrace.latency_levels set done_until = '-infinity'`);
      assert.equal(await refresh(), false, 'nothing was rolled up yet');
      await db.query(`update rowtrace.latency_levels set done_until = date_trunc('hour', now()) where level = 'hours'`);
      assert.equal(await refresh(), true);
      assert.equal(await refresh(), false, 'this hour has them');
      const [own, ...others] = await latencyBaselines(db, 'rowtrace', PLACE);
      assert.deepEqual(others, []);
      assert.deepEqual([own!.operation, own!.source, own!.count], ['/new', 'day', 300]);

      await insert({ operation: '/late', hours: [1, 2, 3], count: 100 });
      assert.equal((await latencyBaselines(db, 'rowtrace', PLACE)).length, 1);
      await db.query(`update rowtrace.latency_baselines set hour = hour - interval '1 hour'`);
      assert.equal(await refresh(), true, 'the next hour makes its own');
      assert.deepEqual((await latencyBaselines(db, 'rowtrace', PLACE)).map(({ operation }) => operation).sort(), [
        '/late',
        '/new',
      ]);
    });
  });
}
