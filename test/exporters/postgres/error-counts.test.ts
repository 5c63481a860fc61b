// Occurrences that were counted and not stored: counted once, in their hour, for their issue, whatever becomes of it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { getIssue } from '../../../src/query/issue.ts';
import { listIssues } from '../../../src/query/issues.ts';
import { readLedger } from '../../../src/query/ledger.ts';
import type { Db } from '../../../src/store/db.ts';
import { ignoreIssue, mergeIssues, splitIssue, undoAction } from '../../../src/triage/index.ts';
import { errorCount, errorLog, fingerprintOf } from '../../support/rows.ts';
import { batch, foldAll, KINDS, openSink } from '../../support/sinks.ts';

const HOUR = 3_600_000;
const AT = Date.UTC(2026, 0, 2, 3, 59, 10);

async function countsOf(db: Db): Promise<[string, number][]> {
  const rows = await db.query<{ title: string; count: number }>(
    'select title, count from rowtrace.issue_list order by title',
  );
  return rows.map(({ title, count }) => [title, count]);
}

for (const kind of KINDS)
  describe(`counts on ${kind}`, () => {
    test('are added to the issue of their key, in their hour, with level, times, routes and release; once', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const storm = errorCount({
        process: 'p1',
        count: 999_000,
        created_at: AT,
        last_seen: AT + 9_000,
        level: 'CRITICAL',
      });
      storm.routes = { '/dogs/:id': 900_000, '/cats': 99_000 };
      storm.release_version = '1.2.0';
      const later = errorCount({ process: 'p1', count: 980, created_at: AT + HOUR });
      const given = batch({
        logs: Array.from({ length: 20 }, () => errorLog({ process: 'p1', created_at: AT - 1000, route: '/cats' })),
        counts: [storm, later, storm],
        ledgers: [
          { process: 'p1', service: 'kennel', seq: 1, updated_at: AT, accepted: 1_000_007, merged: 7, dropped: {} },
        ],
      });
      assert.deepEqual(await sink.write(given), { insertedLogs: 20, duplicateLogs: 0, aggregated: 999_980 });
      const read = async () => {
        const [issue] = await listIssues(db, 'rowtrace');
        const detail = (await getIssue(db, 'rowtrace', { id: issue!.id }))!;
        const { count, level, first_seen, last_seen, first_release } = detail.issue;
        return {
          issue: { count, level, first_seen: first_seen.getTime(), last_seen: last_seen.getTime(), first_release },
          counted: detail.counted,
          rows: detail.occurrences.length,
          hours: detail.hours.map(({ hour, count }) => [hour.getUTCHours(), count]),
          routes: detail.routes.map(({ route, count }) => [route, count]),
          releases: detail.releases.map(({ release, count }) => [release, count]),
        };
      };
      const expected = {
        issue: {
          count: 1_000_000,
          level: 'CRITICAL',
          first_seen: AT - 1000,
          last_seen: AT + HOUR,
          first_release: '1.2.0',
        },
        counted: 999_980,
        rows: 5,
        hours: [
          [3, 999_020],
          [4, 980],
        ],
        routes: [
          ['/dogs/:id', 900_000],
          ['/cats', 99_020],
        ],
        releases: [['1.2.0', 999_000]],
      };
      assert.deepEqual(await read(), expected);
      assert.deepEqual(await sink.write(given), { insertedLogs: 0, duplicateLogs: 20 });
      await foldAll(db);
      assert.deepEqual(await read(), expected);
      const [ledger] = await readLedger(db, 'rowtrace');
      assert.deepEqual([ledger!.stored, ledger!.merged, ledger!.aggregated, ledger!.pending], [20, 7, 999_980, 0]);
    });

    test('follow their key when issues are merged, split and taken back', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const bug = (message: string, count: number) =>
        batch({ logs: [errorLog({ message })], counts: [errorCount({ message_template: message, count })] });
      await sink.write(bug('one', 100));
      await sink.write(bug('two', 5000));
      const issues = await listIssues(db, 'rowtrace', { sort: 'count' });
      const [two, one] = issues.map(({ id }) => id);
      await mergeIssues(db, 'rowtrace', { into: one!, from: [two!], actor: 'ann' });
      await sink.write(bug('two', 7));
      assert.deepEqual(await countsOf(db), [['one', 5110]]);
      assert.equal((await getIssue(db, 'rowtrace', { id: one! }))!.counted, 5107);
      await foldAll(db);
      assert.deepEqual(await countsOf(db), [['one', 5110]]);
      await undoAction(db, 'rowtrace', { issue: one!, actor: 'ann' });
      assert.deepEqual(await countsOf(db), [
        ['one', 101],
        ['two', 5009],
      ]);
      await mergeIssues(db, 'rowtrace', { into: one!, from: [two!], actor: 'ann' });
      await splitIssue(db, 'rowtrace', { issue: one!, keys: [fingerprintOf('two').slice(0, 10)], actor: 'ann' });
      assert.deepEqual(await countsOf(db), [
        ['one', 101],
        ['two', 5009],
      ]);
    });

    test('below WARNING they make no issue, and raised ones only raise the level', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const counts = [
        errorCount({ level: 'INFO', count: 40, message_template: 'quiet' }),
        errorCount({ count: 3 }),
        errorCount({ count: 0, level: 'CRITICAL' }),
      ];
      assert.equal((await sink.write(batch({ counts }))).aggregated, 43);
      const issues = await listIssues(db, 'rowtrace');
      assert.deepEqual(
        issues.map(({ title, count, level }) => [title, count, level]),
        [['no dog <n>', 3, 'CRITICAL']],
      );
    });

    test('end an ignore that waits for so many within a time, and make an issue escalate', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const now = Date.now();
      await sink.write(batch({ logs: [errorLog({ created_at: now - 90_000 })] }));
      const [issue] = await listIssues(db, 'rowtrace');
      await ignoreIssue(db, 'rowtrace', {
        issue: issue!.id,
        count: 50,
        periodMillis: 60_000,
        actor: 'ann',
        at: new Date(now - 80_000),
      });
      const status = async () => (await listIssues(db, 'rowtrace'))[0]!.status;
      await sink.write(batch({ counts: [errorCount({ count: 45, created_at: now - 70_000 })] }));
      assert.equal(await status(), 'ignored');
      await sink.write(batch({ counts: [errorCount({ count: 48, created_at: now - 5_000 })] }));
      assert.equal(await status(), 'ignored', 'no minute had fifty');
      await sink.write(batch({ logs: [errorLog(), errorLog()] }));
      assert.equal(await status(), 'open');
      const [flagged] = await listIssues(db, 'rowtrace');
      assert.deepEqual(flagged!.flags, ['new', 'escalating']);
    });
  });
