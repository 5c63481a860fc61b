// Dead letters from the command line: listed, shown, delivered once more, thrown away; and the ledger goes along.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createPostgresSink } from '../../exporters/postgres/postgres-sink.ts';
import { createReplay } from '../../src/cli/dead-letters/replay.ts';
import { emptyBatch } from '../../src/deliver/sink.ts';
import { listDeadLetters } from '../../src/query/dead-letters.ts';
import { readLedger } from '../../src/query/ledger.ts';
import type { DeadLetterRow } from '../../src/record/row.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { uuidv7 } from '../../src/util/uuid.ts';
import { cliDir, runCli } from '../support/cli.ts';
import { createTestDatabase, databaseFor, type TestDatabase } from '../support/database.ts';
import { logFact, resourceFact } from '../support/journals.ts';
import { errorCount, errorLog, histogram } from '../support/rows.ts';

const RESOURCE = resourceFact('process-1');

function letter(message: string, given: Partial<DeadLetterRow> = {}, fact = {}): DeadLetterRow {
  const record = { ...logFact(message, { n: 4 }), ...fact };
  const of = { event_id: record.id, process: RESOURCE.process, resource: RESOURCE, accepted: 4, merged: 0 };
  return { ...of, kind: 'log', reason: 'it was refused', raw: JSON.stringify(record), ...given };
}

describe('dead letters', { timeout: 240_000 }, () => {
  const dir = cliDir({ after });
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
    const sink = createPostgresSink({ open: async () => openPostgres(database.url) });
    await sink.open();
    await sink.deadLetter([
      letter('good again'),
      letter('still bad', {}, { level: 'LOUD' }),
      letter('of unknown origin', { resource: undefined }),
      letter('to be thrown away'),
      { kind: 'line', reason: 'damaged line', raw: '\x1b[31m half a li' },
    ]);
    await sink.close();
  });
  after(() => database?.drop());

  const run = (...args: string[]) =>
    runCli({ after }, ['dead-letters', ...args], { dir, env: { ROWTRACE_DATABASE_URL: database.url } });
  const list = async () => JSON.parse((await run('--json')).stdout) as { id: number; raw: string; kind: string }[];
  const ledger = async () => {
    const [{ accepted, stored, dead_lettered, dropped, pending }] = (await readLedger(database.db, 'rowtrace')) as [
      Awaited<ReturnType<typeof readLedger>>[number],
    ];
    return { accepted, stored, dead_lettered, dropped, pending };
  };
  const ids = (text: string, all: { id: number; raw: string }[]) => all.find(({ raw }) => raw.includes(text))!.id;

  test('they are listed newest first and shown as they were, harmless for the terminal', async () => {
    const all = await list();
    assert.equal(all.length, 5);
    const { code, stdout } = await run('list', '--kind', 'line');
    assert.equal(code, 0);
    assert.match(stdout, /damaged line/);
    assert.ok(!stdout.includes('\x1b'));
    const shown = await run('show', String(ids('good again', all)));
    assert.match(
      shown.stdout,
      /^Dead letter \d+ {2}it was refused\n[\s\S]*service +shop\n[\s\S]*"message": "good again"/,
    );
    const markdown = await run('show', String(ids('unknown origin', all)), '--md');
    assert.match(markdown.stdout, /^# Dead letter \d+\n/);
    assert.deepEqual(await ledger(), { accepted: 4, stored: 0, dead_lettered: 4, dropped: {}, pending: 0 });
  });

  test('doctor warns of them', async () => {
    const { stdout } = await runCli({ after }, ['doctor'], { dir, env: { ROWTRACE_DATABASE_URL: database.url } });
    assert.match(stdout, /!! {2}dead letters +5 records were refused\n +fix: See why with `rowtrace dead-letters`/);
  });

  test('replayed, a good one is stored once, a bad one stays with its reason; discarded, it is dropped', async () => {
    const all = await list();
    const good = String(ids('good again', all));
    const first = await run('replay', good, '--json');
    assert.deepEqual([first.code, JSON.parse(first.stdout)], [0, { stored: 1, refused: [] }]);
    assert.deepEqual(await ledger(), { accepted: 4, stored: 1, dead_lettered: 3, dropped: {}, pending: 0 });
    const again = await run('replay', good);
    assert.equal(again.code, 4);
    assert.match(again.stderr, /There is no dead letter \d+\./);
    assert.deepEqual(await ledger(), { accepted: 4, stored: 1, dead_lettered: 3, dropped: {}, pending: 0 });
    const rows = await database.db.query('select message, service from rowtrace.error_logs');
    assert.deepEqual(rows, [{ message: 'good again', service: 'shop' }]);

    const away = await run('discard', String(ids('thrown away', all)), '999998', '999999');
    assert.deepEqual(
      [away.code, away.stdout],
      [4, '1 dead letter discarded.\n'],
      'a script learns that two were unknown',
    );
    assert.match(away.stderr, /There are no dead letters 999998, 999999\./);
    const rest = await run('replay', '--all');
    assert.equal(rest.code, 1);
    assert.match(rest.stdout, /^0 dead letters stored\.\n3 dead letters refused again; they stay:\n/);
    assert.match(rest.stdout, /level/);
    assert.match(rest.stdout, /it is not known who wrote it/);
    assert.deepEqual(await ledger(), {
      ...{ accepted: 4, stored: 1, dead_lettered: 2, pending: 0 },
      dropped: { discarded: 1 },
    });
    const everything = await run('discard', '--all', '--json');
    assert.deepEqual(JSON.parse(everything.stdout), { discarded: 3 });
    assert.match((await run()).stderr, /no dead letters/);
  });

  test('of a worker it is a row, stored as it is; what is none is refused in words and stays', async (t) => {
    const { db, url } = await databaseFor(t);
    const sink = createPostgresSink({ open: async () => openPostgres(url) });
    t.after(() => sink.close());
    await sink.open();
    const row = errorLog({ message: 'a row', process: 'p', accepted: 9, merged: 0 });
    const texts = [
      [JSON.stringify(row), undefined],
      ['12 characters, sha256 00ff', /^it is no JSON: /],
      ['{"a": "timeout', /^it is no JSON: Unterminated/],
      ['[]', /^it is no object$/],
      [JSON.stringify({ ...row, event_id: undefined }), /^the row has no event_id$/],
      [JSON.stringify({ ...row, event_id: 7 }), /event_id that is no text/],
      [JSON.stringify({ ...row, tags: 'none' }), /has no tags or no promoted values/],
      [JSON.stringify({ event_id: uuidv7(), tags: {}, promoted: {} }), /null value in column/],
      [JSON.stringify({ ...row, event_id: 'x' }), /invalid input syntax for type uuid/],
    ] as const;
    for (const [raw] of texts)
      await sink.deadLetter([{ kind: 'row', reason: 'refused', raw, process: 'p', accepted: 9, occurrences: 1 }]);
    const replay = await createReplay(db, { schema: 'rowtrace', columns: {}, fingerprintRules: [] } as never);
    const all = (await listDeadLetters(db, 'rowtrace')).reverse();
    assert.ok(all.every(({ replayable }) => replayable));
    for (const [at, [raw, reason]] of texts.entries()) {
      const replayed = await replay(all[at]!.id);
      assert.equal(replayed.outcome, reason ? 'refused' : 'stored', raw);
      if (reason) assert.match(replayed.reason!, reason);
    }
    assert.equal((await listDeadLetters(db, 'rowtrace')).length, texts.length - 1);
    const [account] = await readLedger(db, 'rowtrace');
    assert.partialDeepStrictEqual(account, { accepted: 9, stored: 1, dead_lettered: texts.length - 1 });
  });

  test('of a worker it may be a row of another table, and is stored there', async (t) => {
    const { db, url } = await databaseFor(t);
    const sink = createPostgresSink({ open: async () => openPostgres(url) });
    t.after(() => sink.close());
    await sink.open();
    const row = errorLog({ message: 'a row', route: '/before' });
    await sink.write({ ...emptyBatch(), logs: [row] });
    const change = { event_id: row.event_id, created_at: row.created_at, route: '/after' };
    const letters: [DeadLetterRow['kind'], object, number][] = [
      ['counts', errorCount({ process: 'p', count: 3, accepted: 3, merged: 0 }), 3],
      ['histograms', histogram(), 0],
      ['amendments', change, 0],
      ['histograms', { ...histogram(), count: -1 }, 0],
    ];
    for (const [kind, holds, occurrences] of letters)
      await sink.deadLetter([{ kind, reason: 'refused', raw: JSON.stringify(holds), process: 'p', occurrences }]);
    const replay = await createReplay(db, { schema: 'rowtrace', columns: {}, fingerprintRules: [] } as never);
    const all = (await listDeadLetters(db, 'rowtrace')).reverse();
    assert.ok(all.every(({ replayable }) => replayable));
    const outcomes: string[] = [];
    for (const { id } of all) outcomes.push((await replay(id)).outcome);
    assert.deepEqual(outcomes, ['stored', 'stored', 'stored', 'refused']);
    const [stored] = await db.query(`select route, (select sum(count)::int from rowtrace.error_counts) as counted,
      (select count(*)::int from rowtrace.latency_histograms) as histograms from rowtrace.error_logs`);
    assert.deepEqual(stored, { route: '/after', counted: 3, histograms: 1 });
    const [account] = await readLedger(db, 'rowtrace');
    assert.partialDeepStrictEqual(account, { accepted: 3, aggregated: 3, dead_lettered: 0 });
  });

  test('none of that time or kind is no silence: those that there are are named', async (t) => {
    const { db, url } = await databaseFor(t);
    const sink = createPostgresSink({ open: async () => openPostgres(url) });
    t.after(() => sink.close());
    await sink.open();
    const ask = async (...args: string[]) => {
      const given = { dir, env: { ROWTRACE_DATABASE_URL: url } };
      const { code, stdout, stderr } = await runCli(t, ['dead-letters', ...args], given);
      assert.equal(code, 0);
      return { stdout, stderr };
    };
    assert.deepEqual(await ask('--kind', 'bogus'), { stdout: '', stderr: 'rowtrace: no dead letters\n' });
    await sink.deadLetter([letter('old'), letter('older'), { kind: 'line', reason: 'damaged line', raw: 'half a li' }]);
    await db.query(`update rowtrace.dead_letters set created_at = now() - interval '40 days' where kind = 'log'`);
    const { stderr } = await ask('--kind', 'log');
    assert.match(
      stderr,
      /^rowtrace: no dead letters of kind log since .*; 2 are older, the newest 40d ago: rowtrace dead-letters --kind log --since \d{4}-\d\d-\d\d\n$/,
    );
    const since = /--since (\S+)/.exec(stderr)![1]!;
    assert.match((await ask('--kind', 'log', '--since', since)).stdout, /"old"/, 'as it says');
    assert.equal(
      (await ask('--kind', 'bogus')).stderr,
      'rowtrace: no dead letters of kind bogus; there are some of: line, log\n',
    );
    await db.query(`delete from rowtrace.dead_letters where kind = 'line'`);
    assert.match(
      (await ask()).stderr,
      /^rowtrace: no dead letters since .*; 2 are older, the newest 40d ago: rowtrace dead-letters --since /,
    );
    assert.equal((await ask('--json')).stdout, '[]\n');
  });

  test('neither ids nor --all is a usage error, and so are both', async () => {
    for (const args of [['replay'], ['discard'], ['discard', '1', '--all'], ['show', 'x']])
      assert.equal((await run(...args)).code, 2, args.join(' '));
  });
});
