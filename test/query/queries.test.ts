import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { countDeadLetters } from '../../src/query/dead-letters.ts';
import { followLogs } from '../../src/query/follow-logs.ts';
import { getIssue } from '../../src/query/issue.ts';
import { listIssues } from '../../src/query/issues.ts';
import { readLedger } from '../../src/query/ledger.ts';
import { recentLogs } from '../../src/query/recent-logs.ts';
import { summariseSchema } from '../../src/query/schema-summary.ts';
import { errorLog } from '../support/rows.ts';
import { batch, KINDS, openSink } from '../support/sinks.ts';

const MINUTE = 60_000;

test('a row that was written before a follower was made, and seen after it, is given', async (t) => {
  const { sink, db } = await openSink(t, 'postgres');
  const late = errorLog({ message: 'late' });
  let follower: Awaited<ReturnType<typeof followLogs>> | undefined;
  await db.transaction(async (tx) => {
    const names =
      'event_id, created_at, level, message, message_template, fingerprint, fingerprint_version, service, environment';
    await tx.query(
      `insert into rowtrace.error_logs (${names}) values ($1, now(), 'ERROR', 'late', 'late', 'f', 1, 's', 'e')`,
      [late.event_id],
    );
    await sink.write(batch({ logs: [errorLog({ message: 'seen' })] }));
    follower = await followLogs(db, 'rowtrace');
    assert.deepEqual(await follower.next(), []);
  });
  assert.deepEqual(
    (await follower!.next()).map(({ message }) => message),
    ['late'],
  );
  assert.deepEqual(await follower!.next(), []);
});

for (const kind of KINDS) {
  describe(`queries on ${kind}`, () => {
    test('issues are listed newest first and filtered by time, level, service, status and text', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const now = Date.now();
      await sink.write(
        batch({
          logs: [
            errorLog({ message: 'old one', created_at: now - 60 * MINUTE, level: 'CRITICAL' }),
            errorLog({ message: '100% new', created_at: now - MINUTE, level: 'WARNING', error_type: 'DogError' }),
            errorLog({ message: 'elsewhere', created_at: now - 2 * MINUTE, service: 'cattery' }),
          ],
        }),
      );
      const titles = async (filter: Parameters<typeof listIssues>[2]) =>
        (await listIssues(db, 'rowtrace', filter)).map(({ title }) => title);
      assert.deepEqual(await titles({}), ['<n>% new', 'elsewhere', 'old one']);
      assert.deepEqual(await titles({ limit: 1 }), ['<n>% new']);
      assert.deepEqual(await titles({ since: new Date(now - 30 * MINUTE), service: 'kennel' }), ['<n>% new']);
      assert.deepEqual(await titles({ level: 'ERROR' }), ['elsewhere', 'old one']);
      assert.deepEqual(await titles({ text: 'dogerr' }), ['<n>% new']);
      assert.deepEqual(await titles({ text: '%' }), ['<n>% new'], 'a text, no pattern');
      assert.deepEqual(await titles({ status: 'resolved' }), []);
    });

    test('an issue comes with its keys, its hours and its latest occurrences', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const at = Date.UTC(2026, 0, 2, 3, 4);
      const logs = [0, 1, 2, 70].map((minute) =>
        errorLog({ created_at: at + minute * MINUTE, stack_trace: `stack ${minute}` }),
      );
      await sink.write(batch({ logs }));
      const [{ id }] = (await listIssues(db, 'rowtrace')) as unknown as [{ id: number }];
      const found = await getIssue(db, 'rowtrace', { id, occurrences: 2 });
      assert.equal(found!.issue.count, 4);
      const [{ fingerprint, message_template: title }, last_seen] = [logs[0]!, new Date(at + 70 * MINUTE)];
      const key = { service: 'kennel', fingerprint, version: 1, title, type: null, culprit: null, count: 4, last_seen };
      assert.deepEqual(found!.keys, [key]);
      assert.deepEqual(found!.hours, [
        { hour: new Date(Date.UTC(2026, 0, 2, 3)), count: 3 },
        { hour: new Date(Date.UTC(2026, 0, 2, 4)), count: 1 },
      ]);
      assert.deepEqual(
        found!.occurrences.map((row) => row.stack_trace),
        ['stack 70', 'stack 2'],
      );
      assert.equal(await getIssue(db, 'rowtrace', { id: 999 }), undefined);
    });

    test('a follower gives every row once, late ones too', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const write = (message: string, ago: number, given = {}) =>
        sink.write(batch({ logs: [errorLog({ message, created_at: Date.now() - ago, ...given })] }));
      await write('before', 5);
      const follower = await followLogs(db, 'rowtrace', { level: 'WARNING' });
      const next = async () => (await follower.next()).map(({ message }) => message);
      assert.deepEqual(await next(), []);
      await write('b', 0);
      await write('a', 1000);
      assert.deepEqual(await next(), ['a', 'b']);
      await write('late', 30_000);
      await write('quiet', 0, { level: 'INFO' });
      assert.deepEqual(await next(), ['late']);
      assert.deepEqual(await next(), []);
      const recent = await recentLogs(db, 'rowtrace', { text: 'B', limit: 5 });
      assert.deepEqual(
        recent.map(({ message }) => message),
        ['b', 'before'],
      );
    });

    test('a follower gives all of a crowd, some at a time, each once', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const crowd = (from: number, count: number) =>
        batch({
          logs: Array.from({ length: count }, (_, nr) =>
            errorLog({ message: `n ${from + nr}`, created_at: Date.now() - nr }),
          ),
        });
      await sink.write(crowd(-10, 10));
      const follower = await followLogs(db, 'rowtrace', { limit: 100 });
      await sink.write(crowd(0, 1_000));
      await sink.write(crowd(1_000, 2_500));
      const given: number[] = [];
      for (let rows = await follower.next(); rows.length > 0; rows = await follower.next()) {
        assert.ok(rows.length <= 100, `${rows.length} at a time`);
        given.push(...rows.map(({ message }) => Number(message.slice(2))));
      }
      assert.deepEqual(
        given.sort((a, b) => a - b),
        [...Array(3_500).keys()],
      );
    });

    test('the ledger says what is pending, and dead letters are counted by reason', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const ledger = { process: 'p', service: 'kennel', seq: 1, updated_at: Date.now(), accepted: 10, merged: 2 };
      await sink.write(
        batch({ logs: [errorLog({ process: 'p' })], ledgers: [{ ...ledger, dropped: { a: 1, b: 2 } }] }),
      );
      await sink.deadLetter([{ process: 'p', kind: 'log', reason: 'bad', raw: 'x' }]);
      const [entry] = await readLedger(db, 'rowtrace');
      assert.deepEqual([entry!.dropped_total, entry!.stored, entry!.dead_lettered, entry!.pending], [3, 1, 1, 3]);
      const [letters] = await countDeadLetters(db, 'rowtrace');
      assert.deepEqual([letters!.kind, letters!.reason, letters!.count], ['log', 'bad', 1]);
    });

    test('the summary for doctor names server, clock, schema and storage', async (t) => {
      const { sink, db } = await openSink(t, kind);
      await sink.write(batch({ logs: [errorLog({ created_at: 1e12 })] }));
      const { server, schema, storage } = await summariseSchema(db, 'rowtrace', { vet_id: 'integer' });
      assert.ok(Math.abs(server.clockSkewMillis) < 5000);
      assert.equal(schema.state, 'older');
      assert.equal(schema.pending.length, 2);
      assert.equal(storage, undefined);
      const ok = await summariseSchema(db, 'rowtrace');
      assert.equal(ok.schema.state, 'ok');
      assert.equal(ok.storage!.stragglers, 1);
      assert.equal(ok.storage!.lastDay, new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10));
      assert.deepEqual([ok.storage!.missingRights, ok.storage!.canDrop], [[], true]);
      assert.ok(ok.storage!.sizeBytes > 0);
      assert.equal((await summariseSchema(db, 'nothing_here')).schema.state, 'missing');
    });
  });
}
