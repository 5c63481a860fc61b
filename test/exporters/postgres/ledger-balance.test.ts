// What became of every accepted record, in the transactions that store: the view ledger_balance.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openTarget, storeDeadLetter } from '../../../exporters/postgres/dead-letters.ts';
import { readLedger, sumLedger } from '../../../src/query/ledger.ts';
import type { AbsorbedRow, DeadLetterRow, ErrorLogRow, LedgerRow, Unit } from '../../../src/record/row.ts';
import type { Db } from '../../../src/store/db.ts';
import { errorCount, errorLog } from '../../support/rows.ts';
import { batch, foldAll, KINDS, openSink } from '../../support/sinks.ts';

const row = (message: string, given: Partial<ErrorLogRow> = {}) => errorLog({ process: 'p', message, ...given });
const absorbed = ({ event_id, created_at }: ErrorLogRow, into: ErrorLogRow, more: Partial<AbsorbedRow> = {}) => ({
  process: 'p',
  event_id,
  created_at,
  into: into.event_id,
  ...more,
});
const report = (given: Partial<LedgerRow>): LedgerRow => ({
  process: 'p',
  service: 'kennel',
  seq: 1,
  updated_at: Date.now(),
  accepted: 0,
  merged: 0,
  dropped: {},
  ...given,
});
const END = report({ seq: -1, ended: true });

async function balance(db: Db) {
  const [entry] = await readLedger(db, 'rowtrace');
  const { accepted, stored, merged, dead_lettered, dropped, pending, closes } = entry!;
  return { accepted, stored, merged, dead_lettered, dropped, pending, closes };
}

const NOTHING = { accepted: 0, stored: 0, merged: 0, dead_lettered: 0, dropped: {}, pending: 0, closes: true };

async function counts(db: Db) {
  return db.query('select title, count from rowtrace.issue_list order by title');
}

for (const kind of KINDS)
  describe(`the ledger on ${kind}`, () => {
    test('a stored row that turns out to be part of another goes, with its counts, however often that is told', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const poor = row('poor', { accepted: 1, merged: 0, route: '/a' });
      const rich = row('rich', { accepted: 2, merged: 0, route: '/a' });
      await sink.write(batch({ logs: [poor, row('other', { process: 'q' })] }));
      await foldAll(db);
      const late = batch({ logs: [rich], absorbed: [absorbed(poor, rich)] });
      for (const again of [late, late, batch({ logs: [poor] }), late]) await sink.write(again);
      for (const fold of [false, true]) {
        if (fold) await foldAll(db);
        const [entry] = (await readLedger(db, 'rowtrace')).filter(({ process }) => process === 'p');
        assert.deepEqual([entry!.accepted, entry!.stored, entry!.merged, entry!.pending], [2, 1, 1, 0]);
        assert.deepEqual(await counts(db), [
          { title: 'other', count: 1 },
          { title: 'rich', count: 1 },
        ]);
        const hours = await db.query(
          'select sum(count)::int as n from rowtrace.issue_hour_counts union all select sum(count)::int from rowtrace.issue_release_counts',
        );
        assert.deepEqual(hours, [{ n: 2 }, { n: 2 }]);
      }
    });

    test('rows of one batch, held or replayed, are counted once each', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const poor = row('poor', { accepted: 1, merged: 0 });
      const held = row('held', { accepted: 2, merged: 0 });
      const rich = row('rich', { accepted: 4, merged: 1 });
      const all = batch({
        logs: [poor, rich],
        absorbed: [absorbed(poor, rich), absorbed(held, rich, { held: true })],
      });
      const expected = { ...NOTHING, accepted: 4, stored: 1, merged: 3 };
      await sink.write(all);
      assert.deepEqual(await balance(db), expected);
      // An attempt that was cut off comes again, and this time the held row was not held long enough.
      await sink.write(batch({ logs: [poor, held] }));
      await sink.write(all);
      assert.deepEqual(await balance(db), expected);
      await foldAll(db);
      assert.deepEqual(await counts(db), [{ title: 'rich', count: 1 }]);
    });

    test('of a killed process rows tell what it had accepted; what is nowhere at its end was lost', async (t) => {
      const { sink, db } = await openSink(t, kind);
      await sink.write(batch({ ledgers: [report({ accepted: 3, merged: 1, dropped: { journal_full: 1 } })] }));
      await sink.write(batch({ logs: [row('a', { accepted: 1, merged: 0 }), row('b', { accepted: 7, merged: 2 })] }));
      const pending = { ...NOTHING, accepted: 7, stored: 2, merged: 2, dropped: { journal_full: 1 }, pending: 2 };
      assert.deepEqual(await balance(db), pending);
      await sink.write(batch({ ledgers: [END] }));
      const lost = { ...pending, dropped: { journal_full: 1, lost: 2 }, pending: 0 };
      assert.deepEqual(await balance(db), lost);
      const poison = row('poison');
      const part = absorbed(row('part'), poison, { held: true });
      const letter = { process: 'p', service: 'kennel', kind: 'log', reason: 'bad', raw: 'x', absorbed: [part] };
      await sink.deadLetter([{ ...letter, event_id: poison.event_id }]);
      const found = { ...lost, merged: 3, dead_lettered: 1, dropped: { journal_full: 1 } };
      assert.deepEqual(await balance(db), found);
      await sink.write(batch({ logs: [row('by another journal', { accepted: 9, merged: 2 })] }));
      assert.deepEqual(await balance(db), { ...found, accepted: 9, stored: 3, pending: 1 }, 'it had not ended yet');
      const total = await sumLedger(db, 'rowtrace');
      assert.deepEqual([total.processes, total.accepted, total.dropped], [1, 9, { journal_full: 1 }]);
    });

    test('a dead letter that is stored after all brings no process back: what it lost stays lost', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const poison = row('poison');
      await sink.write(batch({ logs: [row('a', { accepted: 10, merged: 0 })] }));
      await sink.deadLetter([
        { event_id: poison.event_id, process: 'p', service: 'kennel', kind: 'log', reason: 'bad', raw: 'x' },
      ]);
      await sink.write(batch({ ledgers: [END] }));
      const ended = { ...NOTHING, accepted: 10, stored: 1, dead_lettered: 1, dropped: { lost: 8 } };
      assert.deepEqual(await balance(db), ended);
      const [found] = await db.query<{ id: number }>('select id::int from rowtrace.dead_letters');
      assert.equal(
        await storeDeadLetter(db, await openTarget(db, 'rowtrace', {}), found!.id, { logs: [poison] }),
        true,
      );
      assert.deepEqual(await balance(db), { ...ended, stored: 2, dead_lettered: 0 });
    });

    test('a dead letter that turns out to be part of another one goes, as a row does', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const poor = row('poor');
      const stored = row('stored', { accepted: 2, merged: 0 });
      const rich = row('rich');
      const letter = (of: ErrorLogRow, accepted: number, parts: AbsorbedRow[]) => ({
        ...{ event_id: of.event_id, process: 'p', kind: 'log', reason: 'bad', raw: of.message },
        ...{ accepted, merged: 0, absorbed: parts },
      });
      const parts = [absorbed(poor, rich), absorbed(stored, rich)];
      for (let attempt = 0; attempt < 2; attempt++) {
        await sink.deadLetter([letter(poor, 1, [])]);
        await sink.write(batch({ logs: [stored] }));
        await sink.deadLetter([letter(rich, 3, parts)]);
        assert.deepEqual(await balance(db), { ...NOTHING, accepted: 3, merged: 2, dead_lettered: 1 });
        assert.deepEqual(await counts(db), []);
      }
    });

    test('a part of what is part of another one counts once, though a replay makes a row or a dead letter of what is between', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const poor = row('poor');
      const between = row('between', { accepted: 2, merged: 0 });
      const rich = row('rich', { accepted: 3, merged: 0 });
      const ofBetween = [absorbed(poor, between, { held: true })];
      const ofRich = [absorbed(between, rich, { held: true }), absorbed(poor, rich, { held: true })];
      const late = batch({ logs: [rich], absorbed: [absorbed(between, rich)] });
      const expected = { ...NOTHING, accepted: 3, stored: 1, merged: 2 };
      await sink.write(batch({ logs: [rich], absorbed: ofRich }));
      assert.deepEqual(await balance(db), expected);
      await sink.write(batch({ logs: [between], absorbed: ofBetween }));
      await sink.write(late);
      assert.deepEqual(await balance(db), expected);
      const letter = { process: 'p', service: 'kennel', kind: 'log', reason: 'bad', raw: 'x', absorbed: ofBetween };
      await sink.deadLetter([{ ...letter, event_id: between.event_id }]);
      await sink.write(late);
      assert.deepEqual(await balance(db), expected);
    });

    test('a part of what was stored, and is part of another one, counts once, though a replay stores both again', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const poor = row('poor', { accepted: 1, merged: 0 });
      const between = row('between', { accepted: 2, merged: 0 });
      const rich = row('rich', { accepted: 3, merged: 0 });
      for (let attempt = 0; attempt < 2; attempt++) {
        await sink.write(batch({ logs: [poor] }));
        await sink.write(batch({ logs: [between], absorbed: [absorbed(poor, between)] }));
        await sink.write(batch({ logs: [rich], absorbed: [absorbed(between, rich)] }));
        assert.deepEqual(await balance(db), { ...NOTHING, accepted: 3, stored: 1, merged: 2 });
      }
    });

    test('a dead letter of what is taken after all goes: a row, a count, a carrier, a part, a repeat', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const occurrence = { key: 'a'.repeat(32), span: '1', path: [], from: 1, to: 2 };
      const [first, rich, plain] = [row('first', { occurrence, acceptance: 1 }), row('rich'), row('plain')];
      const carrier = row('carrier', { occurrence: { ...occurrence, span: '2', path: ['1'] }, acceptance: 2 });
      const [part, repeat] = [row('part'), { ...first, acceptance: 3 }];
      const counted = errorCount({ process: 'p', count: 5 });
      const letterOf = ({ event_id, acceptance }: Unit, occurrences = 1): DeadLetterRow => ({
        ...{ event_id, acceptance, process: 'p', kind: occurrences === 1 ? 'log' : 'count', reason: 'bad' },
        ...{ raw: `${event_id} ${acceptance}`, occurrences },
      });
      await sink.write(batch({ logs: [first], ledgers: [report({ accepted: 11 })] }));
      await sink.deadLetter([...[plain, carrier, part, repeat].map((each) => letterOf(each)), letterOf(counted, 5)]);
      assert.deepEqual(await balance(db), { ...NOTHING, accepted: 11, stored: 1, dead_lettered: 9, pending: 1 });
      const held = [absorbed(part, rich, { held: true })];
      for (let attempt = 0; attempt < 2; attempt++) {
        await sink.write(batch({ logs: [plain, carrier, repeat, rich], counts: [counted], absorbed: held }));
        // 5 are aggregated.
        assert.deepEqual(await balance(db), { ...NOTHING, accepted: 11, stored: 3, merged: 3 });
        assert.deepEqual(await db.query('select from rowtrace.dead_letters'), []);
      }
    });

    test('no dead letter is made of what an earlier attempt stored, counted or merged, but of what came with another request', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const [stored, rich, part] = [row('stored', { acceptance: 1 }), row('rich'), row('part', { acceptance: 1 })];
      const counted = errorCount({ process: 'p', acceptance: 1 });
      const held = [absorbed(part, rich, { held: true, ownAcceptance: 1 })];
      await sink.write(batch({ logs: [stored, rich], counts: [counted], absorbed: held }));
      const letters = (acceptance: number) =>
        [stored, counted, part].map(({ event_id }) => ({
          ...{ event_id, acceptance, process: 'p', kind: 'log', reason: 'bad', raw: `${event_id} ${acceptance}` },
        }));
      await sink.deadLetter(letters(1));
      const expected = { ...NOTHING, accepted: 4, stored: 2, merged: 1 };
      assert.deepEqual(await balance(db), expected);
      await sink.deadLetter(letters(2));
      assert.deepEqual(await balance(db), { ...expected, accepted: 7, dead_lettered: 3 });
    });

    test('more settled than accepted is said, and not hidden', async (t) => {
      const { sink, db } = await openSink(t, kind);
      await sink.write(batch({ logs: [row('a'), row('b')], ledgers: [report({ accepted: 1 })] }));
      assert.deepEqual(await balance(db), { ...NOTHING, accepted: 2, stored: 2, closes: false });
      assert.equal((await sumLedger(db, 'rowtrace')).closes, false);
    });
  });
