// Several writers of the same occurrences, with storms, carriers of one exception, repeats and connections that are cut
// before and after the commit: at the end each occurrence is exactly one of row, part of a row, or count.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTarget } from '../../../exporters/postgres/dead-letters.ts';
import { createPostgresSink } from '../../../exporters/postgres/postgres-sink.ts';
import { writeBatch } from '../../../exporters/postgres/write-batch.ts';
import type { SinkError } from '../../../src/deliver/sink.ts';
import type { ErrorLogRow } from '../../../src/record/row.ts';
import type { Db, Transaction } from '../../../src/store/db.ts';
import { openPostgres } from '../../../src/store/postgres.ts';
import { databaseFor, untilLocked } from '../../support/database.ts';
import { uniform } from '../../support/distributions.ts';
import { errorLog } from '../../support/rows.ts';
import { batch, openSink } from '../../support/sinks.ts';

const MINUTE = Math.floor(Date.now() / 60_000) * 60_000;
const BATCHES = 60;
const WRITERS = 3;
const PROCESSES = 3;

interface Made {
  random: () => number;
  /** In the order made; a writer may be given any of them again. */
  all: ErrorLogRow[];
}

const below = ({ random }: Made, limit: number) => Math.floor(random() * limit);

/** One record alone, or up to four carriers of one exception on spans below one another. */
function occurrence(made: Made): ErrorLogRow[] {
  const level =
    made.random() < 0.1 ? ('CRITICAL' as const) : made.random() < 0.2 ? ('INFO' as const) : ('ERROR' as const);
  const own = { created_at: MINUTE + below(made, 50_000), message: `storm ${'abcd'[below(made, 4)]}`, level };
  const process = () => `p${below(made, PROCESSES)}`;
  if (made.random() < 0.4) return [errorLog({ ...own, process: process() })];
  const key = Array.from({ length: 32 }, () => below(made, 16).toString(16)).join('');
  return Array.from({ length: 1 + below(made, 4) }, (_, nr) => {
    const path = Array.from({ length: nr }, (_, outer) => `s${outer}`).reverse();
    const placed = { key, span: `s${nr}`, path, from: MINUTE, to: MINUTE + 9 };
    return errorLog({ ...own, level: 'ERROR', process: process(), error_type: 'E', occurrence: placed });
  });
}

function nextBatch(made: Made): ErrorLogRow[] {
  const logs: ErrorLogRow[] = [];
  for (let count = 1 + below(made, 12); count > 0; count--) {
    const again = made.all.length > 0 && made.random() < 0.25;
    const rows = again ? [made.all[below(made, made.all.length)]!] : occurrence(made);
    if (!again) made.all.push(...rows);
    logs.push(...rows);
  }
  // Carriers of one exception by different batches, too.
  return logs.filter(() => made.random() < 0.9);
}

/** A twentieth of the transactions fails on the way, as many after their commit. */
function flaky(db: Db, random: () => number): Db {
  const cut = () => Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
  const transaction: Db['transaction'] = async (work, options) => {
    const fate = random();
    const result = await db.transaction((tx) => {
      const later: Transaction['later'] = async (statements) => {
        await tx.later(statements);
        if (fate < 0.05 && statements.some(({ data }) => data !== undefined)) throw cut();
      };
      return work({ query: tx.query, later });
    }, options);
    if (fate > 0.95) throw cut();
    return result;
  };
  return { ...db, transaction };
}

async function deliver(sink: { write(given: ReturnType<typeof batch>): Promise<unknown> }, logs: ErrorLogRow[]) {
  for (;;)
    try {
      return await sink.write(batch({ logs }));
    } catch (error) {
      if ((error as SinkError).kind !== 'outage') throw error;
    }
}

test('no dead letter is made beside a row that another writer is about to commit', async (t) => {
  const { db, url } = await databaseFor(t);
  const sink = createPostgresSink({ open: async () => openPostgres(url), foldEveryMillis: 3_600_000 });
  await sink.open();
  t.after(() => sink.close());
  const row = errorLog({ process: 'p' });
  const target = await openTarget(db, 'rowtrace', {});
  let letter: Promise<void> | undefined;
  await db.transaction(async (tx) => {
    await writeBatch(tx, target, batch({ logs: [row] }));
    // So that nothing waits for the commit.
    await tx.query('select 1');
    letter = sink.deadLetter([{ event_id: row.event_id, process: 'p', kind: 'log', reason: 'bad', raw: 'x' }]);
    await untilLocked(db);
  });
  await letter;
  assert.deepEqual(await db.query('select stored::int, dead_lettered::int from rowtrace.ledger'), [
    { stored: 1, dead_lettered: 0 },
  ]);
});

// Its own letter or row, by a replay, at the moment in which another receiver takes it for part of an exception.
for (const how of ['COPY', 'the insert', 'a dead letter'])
  test(`what another writer is about to take back does not come again, by ${how}`, async (t) => {
    const { db, url } = await databaseFor(t);
    const sink = createPostgresSink({ open: async () => openPostgres(url), foldEveryMillis: 3_600_000 });
    await sink.open();
    t.after(() => sink.close());
    const part = errorLog({ process: 'p', acceptance: 1, trace_id: 'a'.repeat(32) });
    const { event_id, created_at } = part;
    const letter = { event_id, acceptance: 1, process: 'p', kind: 'log', reason: 'bad', raw: 'x' };
    const again = () => (how === 'a dead letter' ? sink.deadLetter([letter]) : sink.write(batch({ logs: [part] })));
    await again();
    if (how === 'COPY') await sink.write(batch({ logs: [errorLog()] }));
    else await sink.write(batch({ logs: how === 'a dead letter' ? [] : [part] }));
    const whole = errorLog({ process: 'q', acceptance: 2 });
    const absorbed = [{ event_id, created_at, into: whole.event_id, process: 'q', ownAcceptance: 3 }];
    const target = await openTarget(db, 'rowtrace', {});
    let replay: Promise<unknown> | undefined;
    await db.transaction(async (tx) => {
      await writeBatch(tx, target, batch({ logs: [whole], absorbed }));
      await tx.query('select 1');
      replay = again();
      await untilLocked(db);
    });
    await replay;
    const [found] = await db.query(
      `select (select count(*)::int from rowtrace.error_logs where trace_id is not null) as rows,
         (select count(*)::int from rowtrace.dead_letters) as letters,
         (select (stored + absorbed + dead_lettered)::int from rowtrace.ledger where process = 'p') as settled`,
    );
    assert.deepEqual(found, { rows: 0, letters: 0, settled: 1 });
  });

for (const kind of ['postgres', 'pglite'] as const)
  for (const seed of ['one', 'two', 'three'])
    test(`each occurrence once, whoever writes it and however often, seed ${seed}, on ${kind}`, async (t) => {
      const { db, url } = kind === 'postgres' ? await databaseFor(t) : await openSink(t, kind);
      const made: Made = { random: uniform(seed), all: [] };
      const sinks = Array.from({ length: kind === 'postgres' ? WRITERS : 1 }, () =>
        createPostgresSink({
          open: async () =>
            flaky(kind === 'postgres' ? openPostgres(url) : { ...db, close: async () => {} }, made.random),
          foldEveryMillis: 3_600_000,
          stormRows: 2,
        }),
      );
      t.after(() => Promise.all(sinks.map((sink) => sink.close())));
      for (const sink of sinks)
        while (
          await sink.open().then(
            () => false,
            () => true,
          )
        );
      await Promise.all(
        sinks.map(async (sink) => {
          for (let nr = 0; nr < BATCHES; nr++) await deliver(sink, nextBatch(made));
        }),
      );
      // What no batch had, or only some carriers of.
      await deliver(sinks[0]!, made.all);
      const [found] = await db.query<Record<string, number>>(
        `select (select count(*)::int from rowtrace.error_logs) as rows,
           (select coalesce(sum(count), 0)::int from rowtrace.error_counts) as counted,
           (select count(*)::int from rowtrace.error_counts join rowtrace.error_logs using (event_id)) as both,
           (select count(*)::int from rowtrace.error_logs where level >= 'WARNING')
             + (select coalesce(sum(count), 0)::int from rowtrace.error_counts where level >= 'WARNING') as loud,
           (select sum(count)::int from rowtrace.issue_list) as issues,
           (select sum(stored)::int from rowtrace.ledger) as stored,
           (select sum(aggregated)::int from rowtrace.ledger) as aggregated,
           (select sum(stored + absorbed + aggregated)::int from rowtrace.ledger) as accounted`,
      );
      const { rows, counted, both, loud, issues, stored, aggregated, accounted } = found!;
      assert.deepEqual(
        { both, stored, aggregated, issues },
        { both: 0, stored: rows, aggregated: counted, issues: loud },
      );
      assert.equal(accounted, made.all.length);
      assert.ok(
        counted! > 0 && rows! > 0 && accounted! > rows! + counted!,
        'there were rows, counts and parts of rows',
      );
    });
