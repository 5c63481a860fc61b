// The storm valve over all processes: many that stay below their own limit are one storm together.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPostgresSink } from '../../../exporters/postgres/postgres-sink.ts';
import { listIssues } from '../../../src/query/issues.ts';
import type { ErrorLogRow } from '../../../src/record/row.ts';
import type { Db } from '../../../src/store/db.ts';
import { openPostgres } from '../../../src/store/postgres.ts';
import { databaseFor, untilLocked } from '../../support/database.ts';
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

    test('a row that absorbs others stays a row, and a count says what its process had accepted', async (t) => {
      const { sink, db } = await openSink(t, kind, { stormRows: 1 });
      await sink.write(batch({ logs: [errorLog({ message: 'begin' })] }));
      const ledgerOf = async (process: string) => {
        const columns = 'accepted::int, merged::int, stored::int, absorbed::int, aggregated::int';
        return (await db.query(`select ${columns} from rowtrace.ledger where process = $1`, [process]))[0];
      };
      const storm = (process: string) =>
        Array.from({ length: 20 }, (_, nr) =>
          errorLog({ process, message: process, created_at: AT + nr, accepted: 21 + nr, merged: nr }),
        );
      const logs = storm('absorbing');
      const absorbed = logs.map(({ event_id: into }) => {
        return { process: 'absorbing', event_id: errorLog().event_id, created_at: AT, into, held: true as const };
      });
      await sink.write(batch({ logs, absorbed }));
      assert.deepEqual(await ledgerOf('absorbing'), {
        ...{ accepted: 40, merged: 19, stored: 20, absorbed: 20, aggregated: 0 },
      });
      await sink.write(batch({ logs: storm('alone') }));
      assert.deepEqual(await ledgerOf('alone'), { accepted: 40, merged: 19, stored: 5, absorbed: 0, aggregated: 15 });
    });

    test('who takes over rows that another process counted stores none of them, in batches however small', async (t) => {
      const { sink, db } = await openSink(t, kind, { stormRows: 1 });
      const taker = createPostgresSink({
        open: async () => ({ ...db, close: async () => undefined }),
        foldEveryMillis: 3_600_000,
        stormRows: 1,
      });
      await taker.open();
      t.after(() => taker.close());
      for (const each of [sink, taker]) await each.write(batch({ logs: [errorLog({ message: 'begin' })] }));
      const logs = Array.from({ length: 20 }, (_, at) => errorLog({ message: 'storm', created_at: AT + at }));
      assert.equal((await sink.write(batch({ logs }))).aggregated, 15);
      // Only counted rows, with and without something beside that the transaction has to ask about.
      assert.equal((await taker.write(batch({ logs: logs.slice(16) }))).insertedLogs, 0);
      await taker.write(batch({ logs: [errorLog({ message: 'new' })] }));
      const amendments = [{ event_id: logs[0]!.event_id, created_at: AT, tags: {} }];
      assert.equal((await taker.write(batch({ logs: logs.slice(12, 16), amendments }))).insertedLogs, 0);
      await taker.write(batch({ logs: [errorLog({ message: 'new' })] }));
      assert.equal((await taker.write(batch({ logs: logs.slice(5, 8) }))).insertedLogs, 0);
      const { rows, counted } = await rowsOf(db);
      assert.deepEqual({ rows, counted }, { rows: 5, counted: 15 });
    });

    test('several carriers of one exception: the storm goes on being counted, each exception once', async (t) => {
      const { sink, db } = await openSink(t, kind, { stormRows: 1 });
      await sink.write(batch({ logs: [errorLog({ message: 'begin' })] }));
      const batches = Array.from({ length: 4 }, (_, nr) =>
        Array.from({ length: 10 }, (_, at) => {
          const key = `${nr}${at}`.padStart(32, 'e');
          const carrier = (span: string, path: string[]) =>
            errorLog({
              ...{ process: 'carrying', message: 'storm', created_at: AT + nr * 10 + at },
              occurrence: { key, span, path, from: AT, to: AT + 1_000 },
            });
          return [carrier('s1', ['s0']), carrier('s0', [])];
        }).flat(),
      );
      for (const logs of batches) await sink.write(batch({ logs }));
      const expected = { rows: 5, counted: 35 };
      const found = async () => {
        const { rows, counted } = await rowsOf(db);
        const columns = 'stored::int, absorbed::int, aggregated::int';
        const [ledger] = await db.query(`select ${columns} from rowtrace.ledger where process = 'carrying'`);
        return { rows, counted, ledger };
      };
      const all = { ...expected, ledger: { stored: 5, absorbed: 40, aggregated: 35 } };
      assert.deepEqual(await found(), all);
      for (const logs of batches) await sink.write(batch({ logs }));
      assert.deepEqual(await found(), all, 'again');
    });
  });

// What the server goes on with after its client is gone: the other half of an occurrence must not get in beside it.
for (const how of ['COPY', 'the insert'])
  test(`rows that another writer is about to commit as counts are not stored beside them, by ${how}`, async (t) => {
    const { db, url } = await databaseFor(t);
    const gate: { held?: Promise<void>; reached?: () => void } = {};
    const sinkOf = async (opened: Db) => {
      const sink = createPostgresSink({ open: async () => opened, foldEveryMillis: 3_600_000, stormRows: 1 });
      t.after(() => sink.close());
      await sink.open();
      return sink;
    };
    const slow = openPostgres(url);
    const transaction: Db['transaction'] = (work, options) =>
      slow.transaction(async (tx) => {
        const result = await work(tx);
        if (gate.held === undefined) return result;
        await tx.query('select 1');
        gate.reached!();
        await gate.held;
        return result;
      }, options);
    const first = await sinkOf({ ...slow, transaction });
    const second = await sinkOf(openPostgres(url));
    const rows = (count: number) =>
      Array.from({ length: count }, () => errorLog({ process: 'p', message: 'storm', created_at: AT }));
    await first.write(batch({ logs: rows(5) }));
    if (how === 'COPY') await second.write(batch({ logs: [errorLog({ process: 'p', message: 'begin' })] }));
    const beyond = batch({ logs: rows(4) });
    let release!: () => void;
    gate.held = new Promise((resolve) => {
      release = resolve;
    });
    const reached = new Promise<void>((resolve) => {
      gate.reached = resolve;
    });
    const writes = [first.write(beyond)];
    await reached;
    writes.push(second.write(beyond));
    await untilLocked(db);
    release();
    await Promise.all(writes);
    const [found] = await db.query(
      `select (select count(*)::int from rowtrace.error_logs where message = 'storm') as rows,
         (select sum(count)::int from rowtrace.error_counts) as counted,
         (select sum(count)::int from rowtrace.issue_list where title like 'storm%') as issue`,
    );
    assert.deepEqual(found, { rows: 5, counted: 4, issue: 9 });
  });

test('one repeated row a batch does not open the valve', async (t) => {
  const { db, sink } = await openSink(t, 'postgres', { stormRows: 1 });
  const old = errorLog({ message: 'old' });
  await sink.write(batch({ logs: [old] }));
  for (let nr = 0; nr < 10; nr++) {
    const storm = Array.from({ length: 50 }, () => errorLog({ message: 'storm', created_at: AT }));
    await sink.write(batch({ logs: [...storm, old] }));
  }
  assert.deepEqual(await rowsOf(db), { rows: 5, counted: 495, people: 0 });
});
