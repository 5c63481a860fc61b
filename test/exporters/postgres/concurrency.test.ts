import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorLogRow } from '../../../src/record/row.ts';
import { errorLog } from '../../support/rows.ts';
import { batch, foldAll, openSinks } from '../../support/sinks.ts';

const WRITERS = 8;
const BATCHES = 12;
const ROWS = 50;
const KEYS = 20;

test('eight writers with the same fingerprints: no deadlock, exact counts at every moment, replays change nothing', async (t) => {
  const { sinks, db } = await openSinks(t, WRITERS, { foldEveryMillis: 3_600_000 });

  let stored = 0;
  let writing = true;
  const write = async (writer: number) => {
    for (let nr = 0; nr < BATCHES; nr++) {
      const logs = shuffled(nr);
      // Each batch goes out twice at the same time, as a retry after a lost answer does.
      const other = sinks[(writer + 1) % WRITERS]!;
      const results = await Promise.all([sinks[writer]!.write(batch({ logs })), other.write(batch({ logs }))]);
      stored += results.reduce((sum, result) => sum + result.insertedLogs, 0);
    }
  };
  const fold = async () => {
    while (writing) await db.query('select rowtrace.fold_issue_deltas(100)');
  };
  const check = async () => {
    while (writing) {
      // One statement, one snapshot: rows and counts agree however far folding has come.
      const [seen] = await db.query(
        `select (select count(*) from rowtrace.error_logs) as rows, (select sum(count)::bigint from rowtrace.issue_list) as counted,
          (select sum(count)::bigint from rowtrace.issue_hour_counts) as hours`,
      );
      assert.deepEqual([seen!.counted ?? 0, seen!.hours ?? 0], [seen!.rows, seen!.rows]);
    }
  };
  const beside = [fold(), check()];
  await Promise.all(sinks.map((_, writer) => write(writer))).finally(() => {
    writing = false;
  });
  await Promise.all(beside);
  await foldAll(db);

  assert.equal(stored, WRITERS * BATCHES * ROWS);
  const [totals] = await db.query(
    `select (select count(*) from rowtrace.issues) as issues, sum(count)::bigint as counted,
      (select count(*) from rowtrace.issue_keys) as keys,
      (select sum(count)::bigint from rowtrace.issue_key_hours) as hours from rowtrace.issue_key_counts`,
  );
  assert.deepEqual(totals, { issues: KEYS, counted: stored, keys: KEYS, hours: stored });
  const [deadlocks] = await db.query('select deadlocks from pg_stat_database where datname = current_database()');
  assert.equal(deadlocks!.deadlocks, 0);
});

function shuffled(seed: number): ErrorLogRow[] {
  const rows = Array.from({ length: ROWS }, (_, nr) =>
    errorLog({ message: `problem ${'abcdefghijklmnopqrst'[(nr * 7 + seed) % KEYS]}` }),
  );
  return rows.sort(() => Math.random() - 0.5);
}

test('a batch that takes rows back and one that takes back and amends do not block each other in a circle', async (t) => {
  const { sinks, db } = await openSinks(t, 2);
  for (let round = 0; round < 10; round++) {
    // In the order of their keys: what is amended lies in front of what is taken back, and the other way round.
    const logs = Array.from({ length: 200 }, () => errorLog()).sort((a, b) => (a.event_id < b.event_id ? -1 : 1));
    await sinks[0]!.write(batch({ logs }));
    const whole = errorLog();
    const absorbed = logs.map(({ event_id, created_at }) => ({ event_id, created_at, into: whole.event_id }));
    const amendments = logs
      .slice(0, 100)
      .map(({ event_id, created_at }) => ({ event_id, created_at, http_status: 500 }));
    await Promise.all([
      sinks[0]!.write(batch({ logs: [whole], absorbed })),
      sinks[1]!.write(batch({ logs: [errorLog()], absorbed: absorbed.slice(100), amendments })),
    ]);
  }
  const [found] = await db.query('select deadlocks::int from pg_stat_database where datname = current_database()');
  assert.deepEqual(found, { deadlocks: 0 });
});

test('two batches that amend the same rows in opposite order do not block each other in a circle', async (t) => {
  const { sinks, db } = await openSinks(t, 2);
  const logs = Array.from({ length: 200 }, () => errorLog());
  await sinks[0]!.write(batch({ logs }));
  const amendments = logs.map(({ event_id, created_at }) => ({ event_id, created_at, http_status: 500 }));
  for (let round = 0; round < 10; round++)
    await Promise.all([
      sinks[0]!.write(batch({ amendments })),
      sinks[1]!.write(batch({ amendments: amendments.toReversed() })),
    ]);
  const rows = await db.query('select distinct http_status from rowtrace.error_logs');
  assert.deepEqual(rows, [{ http_status: 500 }]);
});
