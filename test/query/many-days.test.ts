// Reads of a database that holds many days: the same results as from all of them, from the partitions of few.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { getIssue } from '../../src/query/issue.ts';
import { listIssues } from '../../src/query/issues.ts';
import { keyedOccurrences } from '../../src/query/keyed-occurrences.ts';
import type { Db, Queryable } from '../../src/store/db.ts';
import { ignoreIssue } from '../../src/triage/index.ts';
import { errorCount, errorLog, histogram } from '../support/rows.ts';
import { batch, foldAll, KINDS, openSink } from '../support/sinks.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const TODAY = Math.floor(Date.now() / DAY) * DAY;

async function makeDays(db: Db, days: number): Promise<void> {
  for (let day = TODAY - days * DAY; day < TODAY; day += DAY)
    for (const table of ['error_logs', 'error_counts'])
      await db.query(`select rowtrace.make_partition($1, 'created_at', $2, $3, $4)`, [
        table,
        `${table}_${dayOf(day)}`,
        new Date(day).toISOString(),
        new Date(day + DAY).toISOString(),
      ]);
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10).replaceAll('-', '');
}

/** Days whose partitions were planned with: each is locked to the end of the transaction. */
async function daysOf(db: Db, work: (tx: Queryable) => Promise<unknown>): Promise<string[]> {
  return db.transaction(async (tx) => {
    await work(tx);
    const rows = await tx.query<{ day: string }>(
      `select distinct right(c.relname, 8) as day from pg_locks l join pg_class c on c.oid = l.relation
       where l.pid = pg_backend_pid() and c.relname ~ '^error_logs_[0-9]{8}$' order by 1`,
    );
    return rows.map(({ day }) => day);
  });
}

/** Days in the plans of the statements that are about occurrences. */
async function daysPlanned(db: Db, work: (tx: Queryable) => Promise<unknown>, table = 'error_logs'): Promise<string[]> {
  const plans: string[] = [];
  await work({
    query: async <Row>(text: string, values?: readonly unknown[]) => {
      if (text.includes(`.${table} where `))
        for (const row of await db.query<Record<string, string>>(`explain ${text}`, values))
          plans.push(...Object.values(row));
      return db.query<Row>(text, values);
    },
  });
  const days = plans.join('\n').matchAll(new RegExp(` on ${table}_([0-9]{8}) `, 'g'));
  return [...new Set(Array.from(days, ([, day]) => day!))].sort();
}

for (const kind of KINDS) {
  describe(`many days on ${kind}`, () => {
    test('the latest occurrences of an issue and their tags are read from the days they are of', async (t) => {
      const { sink, db } = await openSink(t, kind);
      await makeDays(db, 12);
      const start = TODAY - 12 * DAY + 5 * 60 * MINUTE;
      // Five an hour for eleven days.
      const logs = Array.from({ length: 11 * 120 }, (_, nr) =>
        errorLog({ created_at: start + nr * 12 * MINUTE, tags: { half: nr % 2, nr } }),
      );
      await sink.write(batch({ logs }));
      const [issue] = await listIssues(db, 'rowtrace');
      for (const folded of [false, true]) {
        if (folded) await foldAll(db);
        const read = (tx: Queryable) => getIssue(tx, 'rowtrace', { id: issue!.id, occurrences: 40, tagsOf: 25 });
        const found = (await read(db))!;
        assert.deepEqual(
          found.occurrences.map(({ event_id }) => event_id),
          logs
            .slice(-40)
            .reverse()
            .map(({ event_id }) => event_id),
        );
        const half = found.tags.find(({ name }) => name === 'half')!.values;
        assert.deepEqual(half, [
          { value: '1', count: 13, share: 13 / 25 },
          { value: '0', count: 12, share: 12 / 25 },
        ]);
        const last = logs.at(-1)!.created_at;
        const days = await daysPlanned(db, read);
        const old = days.filter((day) => day < dayOf(last - 9 * 60 * MINUTE));
        assert.deepEqual(old, [], 'forty are of eight hours');
        assert.ok(days.includes(dayOf(last)));
      }
    });

    test('where the latest were only counted, older days give the rows', async (t) => {
      const { sink, db } = await openSink(t, kind);
      await makeDays(db, 5);
      const logs = Array.from({ length: 30 }, (_, nr) => errorLog({ created_at: TODAY - 5 * DAY + nr * 180 * MINUTE }));
      const { created_at } = logs.at(-1)!;
      const counts = [errorCount({ created_at: created_at + MINUTE, count: 10_000 })];
      await sink.write(batch({ logs, counts }));
      const [issue] = await listIssues(db, 'rowtrace');
      assert.equal(issue!.count, 10_030);
      const found = (await getIssue(db, 'rowtrace', { id: issue!.id, occurrences: 20, tagsOf: 30 }))!;
      assert.deepEqual(
        found.occurrences.map(({ event_id }) => event_id),
        logs
          .slice(-20)
          .reverse()
          .map(({ event_id }) => event_id),
      );
      assert.deepEqual(found.tags.find(({ name }) => name === 'environment')!.values, [
        { value: 'test', count: 30, share: 1 },
      ]);
    });

    test('a rare issue is read from the days that it occurred on, of many', async (t) => {
      const { sink, db } = await openSink(t, kind);
      await makeDays(db, 40);
      const at = (ago: number) => TODAY - ago * DAY + 23 * 60 * MINUTE + 59 * MINUTE;
      const logs = [38, 20, 19, 2].map((ago) => errorLog({ created_at: at(ago), tags: { ago } }));
      const counts = [30, 5].map((ago) => errorCount({ created_at: at(ago), count: ago }));
      await sink.write(batch({ logs, counts }));
      const [issue] = await listIssues(db, 'rowtrace');
      for (const folded of [false, true]) {
        if (folded) await foldAll(db);
        const read = (tx: Queryable) => getIssue(tx, 'rowtrace', { id: issue!.id });
        const found = (await read(db))!;
        assert.deepEqual(
          found.occurrences.map(({ event_id }) => event_id),
          logs.map(({ event_id }) => event_id).reverse(),
        );
        assert.equal(found.counted, 35);
        assert.equal(found.tags.find(({ name }) => name === 'ago')!.values.length, 4);
        const days = [38, 30, 20, 19, 5, 2].map((ago) => dayOf(at(ago)));
        assert.deepEqual(await daysPlanned(db, read), days);
        assert.deepEqual(await daysPlanned(db, read, 'error_counts'), days);
      }
    });

    test('what a storm only counted is summed up by months, of years as of a day', async (t) => {
      const { sink, db } = await openSink(t, kind);
      await makeDays(db, 70);
      const counts = Array.from({ length: 70 }, (_, ago) =>
        errorCount({ created_at: TODAY - (ago + 1) * DAY, count: 2 }),
      );
      await sink.write(batch({ logs: [errorLog({ created_at: TODAY - DAY })], counts }));
      const [issue] = await listIssues(db, 'rowtrace');
      let most = 0;
      const read = (tx: Queryable) => getIssue(tx, 'rowtrace', { id: issue!.id });
      assert.equal((await read(db))!.counted, 140);
      const query: Queryable['query'] = async (text, values) => {
        if (text.includes('.error_counts where '))
          most = Math.max(most, (await daysPlanned(db, (tx) => tx.query(text, values), 'error_counts')).length);
        return db.query(text, values);
      };
      await read({ query });
      assert.equal(most, 30);
    });

    test('whether an issue ignored within a time comes back is read from the days of that time', async (t) => {
      const { sink, db } = await openSink(t, kind);
      await makeDays(db, 12);
      const now = Date.now();
      const event = (ago: number) => errorLog({ created_at: now - ago });
      await sink.write(batch({ logs: Array.from({ length: 12 }, (_, nr) => event((nr + 1) * 20 * 60 * MINUTE)) }));
      await foldAll(db);
      const [issue] = await listIssues(db, 'rowtrace');
      const until = { count: 3, periodMillis: 30 * MINUTE };
      await ignoreIssue(db, 'rowtrace', { issue: issue!.id, ...until, actor: 'ann', at: new Date(now - 2 * DAY) });
      const due = (tx: Queryable) => tx.query('select at from rowtrace.issue_transitions');
      await sink.write(batch({ logs: [event(3_000)], counts: [errorCount({ created_at: now - 2_000 })] }));
      assert.deepEqual(await due(db), [], 'two of three');
      const days = await daysOf(db, due);
      assert.deepEqual(
        days.filter((day) => day < dayOf(now - 32 * MINUTE)),
        [],
      );
      assert.ok(days.includes(dayOf(now)));
      await sink.write(batch({ logs: [event(1_000)] }));
      assert.deepEqual(await due(db), [{ at: new Date(now - 1_000) }], 'the third');
    });

    test('a heat map is of its own days, and baselines are of the hours that they are made from', async (t) => {
      const { db } = await openSink(t, kind);
      await makeDays(db, 12);
      for (const ago of [2, 3, 4])
        await db.query(
          `select rowtrace.make_partition('latency_hours', 'bucket_start', 'latency_hours_' || to_char(month, 'YYYYMM'),
             month at time zone 'UTC', (month + interval '1 month') at time zone 'UTC')
           from (select date_trunc('month', now() at time zone 'UTC') - $1::int * interval '1 month' as month) m`,
          [ago],
        );
      const locked = (work: string, values: unknown[] = []) =>
        db.transaction(async (tx) => {
          await tx.query(work, values);
          const rows = await tx.query<{ name: string }>(
            `select distinct c.relname as name from pg_locks l join pg_class c on c.oid = l.relation
             where l.pid = pg_backend_pid() and c.relname ~ '^(error_logs|latency_hours)_[0-9]+$'`,
          );
          return rows.map(({ name }) => name);
        });
      const now = Date.now();
      const heatmap = `select * from rowtrace.latency_heatmap($1, $2, '1 hour')`;
      const days = await locked(heatmap, [new Date(now - DAY).toISOString(), new Date(now).toISOString()]);
      const oldest = `error_logs_${dayOf(now - DAY - 60 * MINUTE)}`;
      assert.deepEqual(
        days.filter((name) => name.startsWith('error_logs') && name < oldest),
        [],
      );
      assert.ok(days.includes(oldest));
      const hours = await locked('select * from rowtrace.latency_baselines_at(now())');
      const first = `latency_hours_${dayOf(now - 29 * DAY).slice(0, 6)}`;
      assert.deepEqual(
        hours.filter((name) => name.startsWith('latency_hours') && name < first),
        [],
      );
    });

    test('a roll-up that is far behind reads the days that are next', async (t) => {
      const { sink, db } = await openSink(t, kind);
      for (let day = TODAY - 12 * DAY; day < TODAY; day += DAY)
        await db.query(`select rowtrace.make_partition('latency_histograms', 'bucket_start', $1, $2, $3)`, [
          `latency_histograms_${dayOf(day)}`,
          new Date(day).toISOString(),
          new Date(day + DAY).toISOString(),
        ]);
      const times = Array.from({ length: 12 * 24 }, (_, hour) => TODAY - 12 * DAY + hour * 60 * MINUTE);
      await sink.write(batch({ histograms: times.map((bucket_start) => histogram({ bucket_start })) }));
      // Where it begins is found among all days, once.
      await db.query('select rowtrace.roll_up_latency(30)');
      const read = await db.transaction(async (tx) => {
        assert.deepEqual(await tx.query('select rowtrace.roll_up_latency(4) as made'), [{ made: 4 }]);
        return tx.query<{ name: string }>(
          `select distinct c.relname as name from pg_locks l join pg_class c on c.oid = l.relation
           where l.pid = pg_backend_pid() and c.relname ~ '^latency_histograms_[0-9]{8}$' order by 1`,
        );
      });
      const next = [11, 10, 9].map((ago) => `latency_histograms_${dayOf(TODAY - ago * DAY)}`);
      assert.deepEqual(
        read.map(({ name }) => name).filter((name) => !next.includes(name)),
        [],
      );
    });

    test('all occurrences come page by page, newest first, each with the issue of its key', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const logs = Array.from({ length: 2_100 }, (_, nr) =>
        errorLog({
          // Several of one time, over the borders of pages as well.
          created_at: TODAY - DAY + Math.floor(nr / 7) * MINUTE,
          message: `bug ${'abc'[nr % 3]}`,
          level: nr % 50 === 0 ? 'INFO' : 'ERROR',
        }),
      );
      await sink.write(batch({ logs }));
      const wanted = await db.query<{ id: number; issue_id: number }>(
        `select o.id, k.issue_id from rowtrace.error_logs o
         join rowtrace.issue_keys k on (k.service, k.fingerprint, k.version) = (o.service, o.fingerprint, o.fingerprint_version)
         where o.level >= 'WARNING' order by o.created_at desc, o.id desc`,
      );
      assert.equal(wanted.length, 2_100 - 42);
      const found: object[] = [];
      for await (const page of keyedOccurrences(db, 'rowtrace', { since: new Date(0), limit: 10_000 }))
        for (const row of page) found.push({ id: (row as unknown as { id: number }).id, issue_id: row.issue_id });
      assert.deepEqual(found, wanted);
    });
  });
}
