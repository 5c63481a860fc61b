// Rows that several requests brought: each is stored once and counts as merged for every other request, however often and
// in whatever batches delivery does its work again.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readLedger } from '../../../src/query/ledger.ts';
import type { AbsorbedRow, DeadLetterRow, ErrorLogRow } from '../../../src/record/row.ts';
import type { Db } from '../../../src/store/db.ts';
import { until } from '../../support/journals.ts';
import { errorCount, errorLog } from '../../support/rows.ts';
import { batch, KINDS, openSink } from '../../support/sinks.ts';

/** The same row, with the second request of process q and with the third, which came to q, too. */
const again = (row: ErrorLogRow, acceptance = 2): ErrorLogRow => ({ ...row, process: 'q', acceptance });
const first = (message: string, more: Partial<ErrorLogRow> = {}) =>
  errorLog({ process: 'p', acceptance: 1, message, ...more });

/** Of p and of q: stored, merged, aggregated. */
async function sums(db: Db) {
  const entries = await readLedger(db, 'rowtrace');
  return Object.fromEntries(
    entries.map(({ process, stored, merged, aggregated }) => [process, [stored, merged, aggregated]]),
  );
}

for (const kind of KINDS)
  describe(`repeats on ${kind}`, () => {
    test('of rows: once for every request that brought it, also within one batch, and not for a replay', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const [a, b, c] = [first('a'), first('b'), first('c')];
      await sink.write(batch({ logs: [first('so that COPY is tried')] }));
      await sink.write(batch({ logs: [a, c, again(c)] }));
      await sink.write(batch({ logs: [again(a), b] }));
      await sink.write(batch({ logs: [again(a, 3)] }));
      const expected = { p: [4, 0, 0], q: [0, 3, 0] };
      assert.deepEqual(await sums(db), expected);
      for (const logs of [[again(c), c], [again(a), again(b, 1)], [again(a, 3), a], [b]])
        await sink.write(batch({ logs }));
      assert.deepEqual(await sums(db), expected);
    });

    test('of carriers that became part of another row', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const at = Date.now();
      const occurrence = { key: 'a'.repeat(32), span: '1', path: [], from: at, to: at };
      const [a, b] = [
        first('a', { occurrence }),
        first('b', { occurrence: { ...occurrence, span: '2', path: ['1'] } }),
      ];
      for (const logs of [[a], [b, again(b)], [again(a)], [again(b), b], [again(a), a]])
        await sink.write(batch({ logs }));
      assert.deepEqual(await sums(db), { p: [1, 1, 0], q: [0, 2, 0] });
    });

    test('of rows that are part of another one now, held by delivery or stored', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const [a, b, c, d, e] = [first('a'), first('b'), first('c'), first('d'), first('e')];
      const partOf = (row: ErrorLogRow, into: ErrorLogRow, more: Partial<AbsorbedRow> = {}): AbsorbedRow => {
        const { event_id, created_at } = row;
        return {
          event_id,
          created_at,
          into: into.event_id,
          process: into.process!,
          ...more,
        };
      };
      const held = { held: true, ownAcceptance: 3 } as const;
      const deliveries = [
        batch({ logs: [a, b, c] }),
        // Brought by q before: a, the part of what p has not seen, and b, the part of what p stored apart.
        batch({ logs: [again(d)], absorbed: [partOf(a, again(d), held)] }),
        batch({ logs: [again(c)], absorbed: [partOf(b, again(c), held)] }),
      ];
      for (const each of [0, 1, 1, 2, 2]) await sink.write(deliveries[each]!);
      assert.deepEqual(await sums(db), { p: [3, 0, 0], q: [1, 3, 0] });
      const [f, absorbed] = [first('f'), [] as AbsorbedRow[]];
      absorbed.push(partOf(e, f), partOf(e, again(f)));
      for (let delivery = 0; delivery < 2; delivery++) {
        await sink.write(batch({ logs: [e, again(e), f, again(f)], absorbed }));
        assert.deepEqual(await sums(db), { p: [4, 1, 0], q: [1, 5, 0] });
      }
      // Another request of q brought the whole once more; delivered anew it is in one batch with what came before.
      await sink.write(batch({ logs: [again(e), again(f), again(f, 4)], absorbed: [absorbed[1]!] }));
      assert.deepEqual(await sums(db), { p: [4, 1, 0], q: [1, 6, 0] });
      const left = await db.query<{ message: string }>('select message from rowtrace.error_logs order by message');
      assert.deepEqual(
        left.map(({ message }) => message),
        ['c', 'd', 'f'],
      );
    });

    test('of what is part of another row since another receiver said so: no row any more, in whatever batch it comes', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const trace = { trace_id: 'a'.repeat(32) };
      const [a, b] = [first('a', trace), first('b', trace)];
      const whole = first('whole', { process: 'q', acceptance: 7 });
      const partOf = ({ event_id, created_at }: ErrorLogRow, ownAcceptance: number): AbsorbedRow => {
        return { event_id, created_at, into: whole.event_id, process: 'q', ownAcceptance };
      };
      await sink.write(batch({ logs: [a] }));
      await sink.write(batch({ logs: [first('so that COPY is tried')] }));
      await sink.write(batch({ logs: [whole], absorbed: [partOf(a, 5), { ...partOf(b, 6), held: true }] }));
      // a stays stored in the ledger of p; q did not bring it.
      assert.deepEqual(await sums(db), { p: [2, 0, 0], q: [1, 1, 0] });
      for (let delivery = 0; delivery < 2; delivery++) {
        await sink.write(batch({ logs: [first('so that COPY is tried')] }));
        await sink.write(batch({ logs: [a] }));
        await sink.write(batch({ logs: [b, again(b, 8)] }));
        await sink.write(batch({ counts: [errorCount({ ...a, acceptance: 9 })] }));
      }
      assert.deepEqual(await sums(db), { p: [4, 2, 0], q: [1, 2, 0] });
      const left = await db.query<{ message: string }>(
        'select message from rowtrace.error_logs where trace_id is not null',
      );
      assert.deepEqual(left, []);
    });

    test('of rows that an older version stored', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const at = Date.now();
      const occurrence = { key: 'a'.repeat(32), span: '1', path: [], from: at, to: at };
      const old = [
        first('a'),
        first('b', { occurrence }),
        first('c', { occurrence: { ...occurrence, span: '2', path: ['1'] } }),
      ];
      await sink.write(batch({ logs: old.map(({ acceptance, ...row }) => row) }));
      for (let delivery = 0; delivery < 2; delivery++) await sink.write(batch({ logs: old.map((row) => again(row)) }));
      assert.deepEqual(await sums(db), { p: [2, 1, 0], q: [0, 3, 0] });
    });

    test('not of a count that went in beside the row of another writer', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const a = first('a');
      const count = errorCount({ event_id: a.event_id, created_at: a.created_at, process: 'q', acceptance: 2 });
      await sink.write(batch({ counts: [count] }));
      await db.query(
        `insert into rowtrace.error_logs (event_id, created_at, level, message, message_template, fingerprint,
           fingerprint_version, service, environment, acceptance, tags)
         values ($1, to_timestamp($2::float8 / 1000), 'ERROR', 'a', 'a', $3, 1, 'kennel', '', 1, '{}')`,
        [a.event_id, a.created_at, a.fingerprint],
      );
      await sink.write(batch({ counts: [count] }));
      assert.deepEqual(await sums(db), { q: [0, 0, 1] });
    });

    test('of rows that were only counted, and of stored ones that come as counts', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const [a, b] = [first('a'), first('b')];
      const countOf = ({ event_id, created_at, process, acceptance }: ErrorLogRow) =>
        errorCount({ event_id, created_at, process: process!, acceptance: acceptance! });
      for (let delivery = 0; delivery < 2; delivery++) {
        await sink.write(batch({ logs: [b], counts: [countOf(a), countOf(again(a, 3))] }));
        await sink.write(batch({ logs: [again(a)], counts: [countOf(again(b))] }));
      }
      assert.deepEqual(await sums(db), { p: [1, 0, 1], q: [0, 3, 0] });
    });

    test('of records that no retry can store: a letter each', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const letter = (process: string, acceptance: number): DeadLetterRow => {
        const resource = {
          k: 'resource',
          v: 1,
          process,
          service: 'kennel',
          environment: '',
          host: '',
          pid: 0,
          acceptance,
        };
        return {
          process,
          kind: 'log',
          reason: 'bad',
          raw: '{}',
          resource: resource as DeadLetterRow['resource'] & object,
        };
      };
      for (let delivery = 0; delivery < 2; delivery++)
        for (const [process, acceptance] of [
          ['p', 1],
          ['q', 2],
        ] as const)
          await sink.deadLetter([letter(process, acceptance)]);
      const entries = await readLedger(db, 'rowtrace');
      assert.deepEqual(
        entries.map(({ dead_lettered }) => dead_lettered),
        [1, 1],
      );
    });

    test('are forgotten in time', async (t) => {
      const { sink, db } = await openSink(t, kind, { foldEveryMillis: 20 });
      const [a, b] = [first('a'), first('b')];
      await sink.write(batch({ logs: [a, b, again(a), again(b)] }));
      await db.query(`update rowtrace.repeats set noted_at = now() - interval '4 days' where event_id = $1`, [
        a.event_id,
      ]);
      const left = () => db.query<{ event_id: string }>('select event_id::text from rowtrace.repeats');
      await until('the old one is gone', async () => (await left()).length === 1);
      assert.deepEqual(await left(), [{ event_id: b.event_id }]);
    });
  });
