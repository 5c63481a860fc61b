// The storm valve over all processes: many that stay below their own limit are one storm together.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPostgresSink } from '../../../exporters/postgres/postgres-sink.ts';
import { listIssues } from '../../../src/query/issues.ts';
import type { ErrorLogRow } from '../../../src/record/row.ts';
import type { Db } from '../../../src/store/db.ts';
import { errorLog } from '../../support/rows.ts';
import { batch, foldAll, KINDS, openSink } from '../../support/sinks.ts';

const PROCESSES = 12;
const AT = Math.floor(Date.now() / 60_000) * 60_000 - 60_000;

async function rowsOf(db: Db): Promise<{ rows: number; counted: number; people: number }> {
  const [found] = await db.query<{ rows: number; counted: number; people: number }>(
    `select (select count(*) from rowtrace.error_logs where message = 'storm') as rows,
       (select coalesce(sum(count), 0)::bigint from rowtrace.error_counts) as counted,
       (select max(rowtrace.issue_people(id, 'user')) from rowtrace.issues) as people`,
  );
  return found!;
}

for (const kind of KINDS)
  describe(`storm over processes on ${kind}`, () => {
    test('a hundred rows a minute of one fingerprint; the others are counted, once, with routes and people', async (t) => {
      const { db, sink: reader } = await openSink(t, kind);
      const sinkOf = async () => {
        const sink = createPostgresSink({
          open: async () => ({ ...db, close: async () => undefined }),
          foldEveryMillis: 3_600_000,
          stormRows: 20,
        });
        await sink.open();
        t.after(() => sink.close());
        // The first batch of a process may repeat what another had in flight: it is never counted.
        await sink.write(batch({ logs: [errorLog({ message: 'begin' })] }));
        return sink;
      };
      const batches = Array.from({ length: PROCESSES }, (_, nr) =>
        Array.from({ length: 20 }, (_, at) =>
          errorLog({
            process: `p${nr}`,
            message: 'storm',
            created_at: AT + at,
            route: '/dogs',
            user_id: `user ${at}`,
            level: nr === PROCESSES - 1 && at === 19 ? 'CRITICAL' : 'ERROR',
          }),
        ),
      );
      let stored = 0;
      let aggregated = 0;
      for (const logs of batches) {
        const sink = await sinkOf();
        const result = await sink.write(batch({ logs: [...logs, errorLog({ message: 'other' })] }));
        stored += result.insertedLogs;
        aggregated += result.aggregated ?? 0;
      }
      // Twenty of each of the first five, and the crash.
      assert.deepEqual([stored - PROCESSES, aggregated], [101, 139]);
      assert.deepEqual(await rowsOf(db), { rows: 101, counted: 139, people: 20 });
      const counts = async () =>
        (await listIssues(db, 'rowtrace', { sort: 'count' })).map(({ title, count }) => [title, count]);
      const expected = [
        ['storm', 240],
        ['begin', PROCESSES],
        ['other', PROCESSES],
      ];
      assert.deepEqual((await counts()).sort(), expected.toSorted());
      const [ledger] = await db.query(
        `select sum(stored)::int as stored, sum(aggregated)::int as aggregated from rowtrace.ledger`,
      );
      assert.deepEqual(ledger, { stored: 101, aggregated: 139 });

      // Again, by those who wrote it and by one who takes over; with the valve and without.
      const taker = await sinkOf();
      for (const sink of [reader, taker])
        for (const logs of batches) await sink.write(batch({ logs: logs as ErrorLogRow[] }));
      assert.deepEqual(await rowsOf(db), { rows: 101, counted: 139, people: 20 });
      await foldAll(db);
      assert.equal((await counts()).find(([title]) => title === 'storm')![1], 240);
    });

    test('another minute has rows of its own, and a row that is about to be raised stays a row', async (t) => {
      const { sink, db } = await openSink(t, kind, { stormRows: 1 });
      await sink.write(batch({ logs: [errorLog({ message: 'begin' })] }));
      const storm = (at: number) =>
        Array.from({ length: 20 }, (_, nr) => errorLog({ message: 'storm', created_at: at + nr }));
      const [first, second] = [storm(AT), storm(AT + 60_000)];
      const crash = { event_id: first[19]!.event_id, created_at: AT + 19, level: 'CRITICAL' as const };
      assert.equal((await sink.write(batch({ logs: first, amendments: [crash] }))).aggregated, 14);
      assert.equal((await sink.write(batch({ logs: second }))).aggregated, 15);
      const worst = await db.query(`select created_at from rowtrace.error_logs where level = 'CRITICAL'`);
      assert.equal(worst.length, 1);
      assert.equal((await listIssues(db, 'rowtrace', { text: 'storm' }))[0]!.count, 40);
    });
  });
