// What a transaction locks. Errors are kept for ever by default: two years are 1,460 partitions, and a statement that is planned
// for all of them takes 7,400 locks. A server with 100 connections has room for some 9,000, which are the application's, too.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createPostgresSink } from '../../../exporters/postgres/postgres-sink.ts';
import { listIssues } from '../../../src/query/issues.ts';
import { getOccurrence } from '../../../src/query/occurrence.ts';
import { exemplarsOf } from '../../../src/query/operation-latency.ts';
import { recentLogs } from '../../../src/query/recent-logs.ts';
import { removeCanary } from '../../../src/store/canary-rows.ts';
import type { Db } from '../../../src/store/db.ts';
import { openPostgres } from '../../../src/store/postgres.ts';
import { databaseFor } from '../../support/database.ts';
import { errorCount, errorLog } from '../../support/rows.ts';
import { batch } from '../../support/sinks.ts';

const DAYS = 90;
/** Thirty days of error_logs with their indexes, which the canary looks at; others have a few. */
const MOST = 320;

/** A database of so many days, whose transactions say how many relations they have locked at their end. */
async function openCounted(t: TestContext) {
  const { db, url } = await databaseFor(t);
  for (const table of ['error_logs', 'error_counts'])
    await db.query(
      `select rowtrace.make_partition(
         '${table}', 'created_at', '${table}_' || to_char(day, 'YYYYMMDD'), day at time zone 'UTC',
         (day + interval '1 day') at time zone 'UTC', false)
       from (select date_trunc('day', now() at time zone 'UTC') - n * interval '1 day' as day from generate_series(2, ${DAYS}) n) d`,
    );
  const locked: number[] = [];
  const inner = openPostgres(url);
  const transaction: Db['transaction'] = (work, options) =>
    inner.transaction(async (tx) => {
      const result = await work(tx);
      const [row] = await tx.query<{ locks: number }>(
        `select count(*) as locks from pg_locks where pid = pg_backend_pid() and locktype = 'relation'`,
      );
      locked.push(row!.locks);
      return result;
    }, options);
  const counted: Db = { ...inner, transaction, query: (text, values) => transaction((tx) => tx.query(text, values)) };
  /** Those beyond the bound, by name. */
  const beyond = async (what: Record<string, () => Promise<unknown>>) => {
    const found: Record<string, number> = {};
    for (const [name, work] of Object.entries(what)) {
      locked.length = 0;
      await work();
      const most = Math.max(...locked);
      if (most > MOST) found[name] = most;
    }
    return found;
  };
  return { db: counted, beyond };
}

test('however many days are kept, a batch locks the partitions of its own', async (t) => {
  const { db, beyond } = await openCounted(t);
  const sink = createPostgresSink({ open: async () => db, foldEveryMillis: 3_600_000, migrate: false, stormRows: 1 });
  t.after(() => sink.close());
  await sink.open();
  const row = errorLog({ process: 'p', acceptance: 1 });
  const wrote = {
    'rows that may be there already': () => sink.write(batch({ logs: [row] })),
    'rows that a sender repeats': () => sink.write(batch({ logs: [{ ...row, acceptance: 2 }] })),
    counts: () => sink.write(batch({ counts: [errorCount({ process: 'p' })] })),
    'a storm': () => sink.write(batch({ logs: Array.from({ length: 20 }, () => errorLog({ process: 'p' })) })),
    'a dead letter': () => sink.deadLetter([{ event_id: errorLog().event_id, kind: 'log', reason: 'r', raw: 'x' }]),
  };
  assert.deepEqual(await beyond(wrote), {});
});

test('and so does a command', async (t) => {
  const { db, beyond } = await openCounted(t);
  t.after(() => db.close());
  const sink = createPostgresSink({ open: async () => db, foldEveryMillis: 3_600_000, migrate: false });
  await sink.open();
  const row = errorLog();
  await sink.write(batch({ logs: [row, ...Array.from({ length: 50 }, () => errorLog())] }));
  const read = {
    issues: () => listIssues(db, 'rowtrace'),
    'issues --sort escalating': () => listIssues(db, 'rowtrace', { sort: 'escalating' }),
    tail: () => recentLogs(db, 'rowtrace', { limit: 10 }),
    explain: () => getOccurrence(db, 'rowtrace', row.event_id),
    latency: () => exemplarsOf(db, 'rowtrace', { operation: '/dogs', since: new Date(Date.now() - 3_600_000) }),
    'doctor --canary': () => removeCanary(db, 'rowtrace', { eventId: row.event_id, createdAt: new Date() }),
  };
  assert.deepEqual(await beyond(read), {});
});
