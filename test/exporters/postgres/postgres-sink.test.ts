import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPostgresSink } from '../../../exporters/postgres/postgres-sink.ts';
import { openPostgres } from '../../../src/store/postgres.ts';
import { databaseFor, testServerUrl, untilLocked } from '../../support/database.ts';
import { errorLog, fingerprintOf, histogram } from '../../support/rows.ts';
import { batch, foldAll, KINDS, openSink } from '../../support/sinks.ts';

for (const kind of KINDS) {
  describe(`Postgres sink on ${kind}`, () => {
    test('writes every column as given', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const given = errorLog({
        created_at: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
        stack_trace: 'Error: no dog 7\n    at find (dogs.js:1:1)',
        error_type: 'DogError',
        http_status: 500,
        latency_ms: 12.6,
        trace_id: 'a'.repeat(32),
        pid: 7,
        tags: { breed: 'collie', nested: { deep: [1, null] } },
      });
      assert.deepEqual(await sink.write(batch({ logs: [given] })), { insertedLogs: 1, duplicateLogs: 0 });
      const [row] = await db.query('select * from rowtrace.error_logs');
      const { promoted: _, ...columns } = given;
      for (const [name, value] of Object.entries({
        ...columns,
        created_at: new Date(given.created_at),
        latency_ms: 13,
      }))
        assert.deepEqual(row![name], value, name);
    });

    test('a batch delivered twice changes nothing', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const log = errorLog({ process: 'p1' });
      const twice = batch({
        logs: [log, errorLog({ process: 'p1' }), log],
        amendments: [{ event_id: log.event_id, created_at: log.created_at, http_status: 500, level: 'CRITICAL' }],
        histograms: [histogram()],
        calls: [{ ...errorLog(), direction: 'inbound', weight: 20 }],
        ledgers: [
          { process: 'p1', service: 'kennel', seq: 3, updated_at: 1e12, accepted: 2, merged: 1, dropped: { ring: 4 } },
        ],
      });
      const everything = async () => {
        const tables = ['error_logs', 'issue_list', 'issue_hour_counts', 'latency_histograms', 'http_calls', 'ledger'];
        return Promise.all(tables.map((table) => db.query(`select * from rowtrace.${table} order by 1`)));
      };
      assert.deepEqual(await sink.write(twice), { insertedLogs: 2, duplicateLogs: 1 });
      const before = await everything();
      assert.deepEqual(await sink.write(twice), { insertedLogs: 0, duplicateLogs: 3 });
      assert.deepEqual(await everything(), before);
      assert.deepEqual(
        before.map((rows) => rows.length),
        [2, 1, 1, 1, 1, 1],
      );
      const [ledger] = before[5]!;
      assert.deepEqual([ledger!.stored, ledger!.accepted, ledger!.dropped], [2, 2, { ring: 4 }]);
    });

    test('rows of WARNING and worse make issues with exact counts, before and after folding', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const at = Date.UTC(2026, 0, 2, 3, 30);
      const rows = [
        errorLog({ level: 'WARNING', created_at: at, release_version: '1.0' }),
        errorLog({ level: 'ERROR', created_at: at + 3_600_000, release_version: '1.1', culprit: 'find (dogs.js)' }),
        errorLog({ level: 'INFO', created_at: at + 7_200_000 }),
        errorLog({ message: 'other', level: 'CRITICAL', created_at: at }),
      ];
      await sink.write(batch({ logs: rows.slice(0, 1) }));
      await sink.write(batch({ logs: rows }));
      const read = async () => [
        await db.query(
          `select title, level, status, count, first_seen, last_seen, first_release, last_release
           from rowtrace.issue_list order by id`,
        ),
        await db.query('select hour, count from rowtrace.issue_hour_counts order by issue_id, hour'),
      ];
      const expected = [
        [
          {
            title: 'no dog <n>',
            level: 'ERROR',
            status: 'open',
            count: 2,
            first_seen: new Date(at),
            last_seen: new Date(at + 3_600_000),
            first_release: '1.0',
            last_release: '1.1',
          },
          {
            title: 'other',
            level: 'CRITICAL',
            status: 'open',
            count: 1,
            first_seen: new Date(at),
            last_seen: new Date(at),
            first_release: null,
            last_release: null,
          },
        ],
        [
          { hour: new Date(Date.UTC(2026, 0, 2, 3)), count: 1 },
          { hour: new Date(Date.UTC(2026, 0, 2, 4)), count: 1 },
          { hour: new Date(Date.UTC(2026, 0, 2, 3)), count: 1 },
        ],
      ];
      assert.deepEqual(await read(), expected);
      await foldAll(db);
      assert.deepEqual(await read(), expected);
    });

    test('a resolved issue that comes back is regressed', async (t) => {
      const { sink, db } = await openSink(t, kind);
      await sink.write(batch({ logs: [errorLog({ created_at: Date.now() - 60_000 })] }));
      await db.query(
        `update rowtrace.issues set status = 'resolved', status_changed_at = now() - interval '30 seconds'`,
      );
      const status = async () => (await db.query('select status from rowtrace.issue_list'))[0]!.status;
      await sink.write(batch({ logs: [errorLog({ created_at: Date.now() - 45_000 })] }));
      assert.equal(await status(), 'resolved', 'an occurrence from before, stored late');
      await sink.write(batch({ logs: [errorLog()] }));
      assert.equal(await status(), 'regressed');
      await foldAll(db);
      assert.equal(await status(), 'regressed');
    });

    test('amendments change given columns only, raise levels only, and keep older tags', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const slow = errorLog({ level: 'ERROR', route: '/dogs/:id', tags: { a: 'old' } });
      const quiet = errorLog({ level: 'INFO', message: 'quiet' });
      await sink.write(batch({ logs: [slow, quiet] }));
      const ref = ({ event_id, created_at }: typeof slow) => ({ event_id, created_at });
      await sink.write(
        batch({
          amendments: [
            { ...ref(slow), http_status: 500, level: 'INFO', tags: { a: 'new', b: 1 } },
            { ...ref(slow), latency_ms: 17.2, tags: { b: 2, c: 3 } },
            { ...ref(quiet), level: 'ERROR' },
            { ...ref(errorLog()), http_status: 200 },
          ],
        }),
      );
      const rows = await db.query(
        'select level, route, http_status, latency_ms, tags from rowtrace.error_logs order by message desc',
      );
      assert.deepEqual(rows, [
        { level: 'ERROR', route: null, http_status: null, latency_ms: null, tags: {} },
        { level: 'ERROR', route: '/dogs/:id', http_status: 500, latency_ms: 17, tags: { a: 'old', b: 1, c: 3 } },
      ]);
      const issues = await db.query('select title, level, count from rowtrace.issue_list order by title');
      assert.deepEqual(issues, [
        { title: 'no dog <n>', level: 'ERROR', count: 1 },
        { title: 'quiet', level: 'ERROR', count: 1 },
      ]);
    });

    test('promoted values go to their columns, those without a column to tags', async (t) => {
      const columns = { vet_id: 'integer', clinic: 'text', since: 'timestamptz' } as const;
      const { sink, db } = await openSink(t, kind, { columns });
      const promoted = { vet_id: 7, clinic: 'x'.repeat(600), since: '2026-01-02T00:00:00Z', later: true };
      await sink.write(batch({ logs: [errorLog({ promoted, tags: { a: 1 } })] }));
      const [row] = await db.query('select vet_id, clinic, since, tags from rowtrace.error_logs');
      assert.deepEqual(row, {
        vet_id: 7,
        clinic: null,
        since: new Date('2026-01-02T00:00:00Z'),
        tags: { a: 1, later: true, clinic: 'x'.repeat(600) },
      });
    });

    test('NUL characters, lone surrogates and overlong keys never fail a batch', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const random = Array.from({ length: 9000 }, () => Math.random().toString(36)[2] ?? 'x').join('');
      const message = 'a\0b \ud83d \ud83d\ude00 \\u0000';
      const tags = JSON.parse('{"k\\u0000\\ud83d": ["\\u0000v", {"__proto__": "\\udc00"}]}');
      await sink.write(
        batch({ logs: [errorLog({ message, tags, request_id: random, trace_id: random, service: random })] }),
      );
      const [row] = await db.query<{ message: string; tags: Record<string, unknown[]> }>(
        'select message, tags from rowtrace.error_logs',
      );
      assert.equal(row!.message, 'ab \ufffd \ud83d\ude00 \\u0000');
      assert.equal(JSON.stringify(row!.tags), '{"k\ufffd":["v",{"__proto__":"\ufffd"}]}');
    });

    test('rows of other days wait in the default partition and are moved when their day gets one', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const day = 86_400_000;
      const soon = errorLog({ created_at: Date.now() + 9 * day });
      const rows = [soon, errorLog({ created_at: Date.UTC(2001, 1, 1) }), errorLog()];
      await sink.write(batch({ logs: rows, histograms: [histogram({ bucket_start: soon.created_at })] }));
      const stragglers = async () => (await db.query('select from rowtrace.error_logs_default')).length;
      assert.equal(await stragglers(), 2);
      await db.query('select rowtrace.ensure_partitions(9)');
      assert.equal(await stragglers(), 1);
      assert.equal((await db.query('select from rowtrace.error_logs')).length, 3);
      assert.equal((await db.query('select from rowtrace.latency_histograms_default')).length, 0);
      assert.equal((await sink.write(batch({ logs: rows }))).insertedLogs, 0);
    });

    test('one bad row is poison for its batch, and a dead letter is kept once', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const bad = errorLog({ event_id: 'no-uuid' });
      await assert.rejects(sink.write(batch({ logs: [errorLog(), bad] })), { name: 'SinkError', kind: 'poison' });
      await assert.rejects(sink.write(batch({ logs: [errorLog({ created_at: Number.NaN })] })), { kind: 'poison' });
      await assert.rejects(sink.write(batch({ logs: [errorLog({ tags: { big: 1n } })] })), { kind: 'poison' });
      assert.deepEqual(await db.query('select * from rowtrace.error_logs'), []);
      const letter = { process: 'p1', event_id: 'no-uuid', kind: 'log', reason: 'bad id', raw: '{"a":"\0"}' };
      await sink.deadLetter([letter, letter]);
      await sink.deadLetter([letter]);
      const [row] = await db.query('select event_id, kind, reason, raw from rowtrace.dead_letters');
      assert.deepEqual(row, { event_id: null, kind: 'log', reason: 'bad id', raw: '{"a":""}' });
      assert.deepEqual(await db.query('select dead_lettered from rowtrace.ledger'), [{ dead_lettered: 1 }]);
    });

    test('of two ledger rows of one process the newer counts', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const row = { process: 'p', service: 's', updated_at: 1e12, merged: 0, dropped: {} };
      await sink.write(batch({ ledgers: [{ ...row, seq: 5, accepted: 50 }] }));
      await sink.write(batch({ ledgers: [{ ...row, seq: 4, accepted: 40 }], logs: [errorLog({ process: 'p' })] }));
      const rows = await db.query('select seq, accepted, stored from rowtrace.ledger');
      assert.deepEqual(rows, [{ seq: 5, accepted: 50, stored: 1 }]);
    });
  });
}

test('without migrating it waits for the schema and says which command makes it', async (t) => {
  const { url } = await databaseFor(t, 'empty');
  const sink = createPostgresSink({ open: async () => openPostgres(url), migrate: false, database: url });
  t.after(() => sink.close());
  await assert.rejects(sink.open(), { kind: 'config', message: /schema rowtrace are missing.*`rowtrace migrate`/ });
  await assert.rejects(sink.write(batch({ logs: [errorLog()] })), { kind: 'outage' });
});

test('a wrong password is a config failure that does not show it', async (t) => {
  const url = testServerUrl({ password: 'wrong-one' });
  const sink = createPostgresSink({ open: async () => openPostgres(url), database: url });
  t.after(() => sink.close());
  const error = await sink.open().then(
    () => new Error('it opened'),
    (thrown: Error) => thrown,
  );
  assert.equal((error as { kind?: string }).kind, 'config');
  assert.match(error.message, /refused the connection: password authentication failed.*Check user, password/);
  assert.doesNotMatch(error.message, /wrong-one/);
});

test('a server that is away is an outage, and so is a session that the server ends', async (t) => {
  const gone = createPostgresSink({ open: async () => openPostgres('postgres://u:p@127.0.0.1:1/x') });
  t.after(() => gone.close());
  await assert.rejects(gone.open(), { kind: 'outage' });

  const { sink, db } = await openSink(t, 'postgres');
  await sink.write(batch({ logs: [errorLog()] }));
  await db.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
  const again = batch({ logs: [errorLog({ fingerprint: fingerprintOf('again') })] });
  const write = () => sink.write(again).catch((error: { kind: string }) => error.kind);
  const results = [await write(), await write(), await write()];
  assert.ok(
    results.every((result) => result === 'outage' || typeof result === 'object'),
    JSON.stringify(results),
  );
  assert.equal((await db.query('select from rowtrace.error_logs')).length, 2);
});

test('who reads and amends while rows move out of the default partition finds them', async (t) => {
  const { db, sink, url } = await openSink(t, 'postgres');
  const row = errorLog({ created_at: Date.now() });
  await sink.write(batch({ logs: [row] }));
  const day = new Date(row.created_at).toISOString().slice(0, 10).replaceAll('-', '');
  // As where no process had made today's.
  await db.transaction(async (tx) => {
    await tx.query(`alter table rowtrace.error_logs detach partition rowtrace.error_logs_${day}`);
    await tx.query(
      `insert into rowtrace.error_logs_default overriding system value select * from rowtrace.error_logs_${day}`,
    );
    await tx.query(`drop table rowtrace.error_logs_${day}`);
  });
  const reader = openPostgres(url, { max: 1 });
  t.after(() => reader.close());
  await reader.query('select 1');
  let read: Promise<unknown[]> | undefined;
  await db.transaction(async (tx) => {
    await tx.query('select rowtrace.ensure_partitions()');
    read = reader.query('update rowtrace.error_logs set http_status = 500 returning event_id::text');
    await untilLocked(tx);
  });
  assert.deepEqual(await read, [{ event_id: row.event_id }]);
});
