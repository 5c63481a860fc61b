// One exception by several carriers, delivered more than once: what the table and the ledger say then.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readLedger } from '../../../src/query/ledger.ts';
import type { ErrorLogRow } from '../../../src/record/row.ts';
import { errorLog } from '../../support/rows.ts';
import { batch, KINDS, openSink } from '../../support/sinks.ts';

const NOW = Date.now() - 5000;

function carrier(span: string, path: string[], more: Partial<ErrorLogRow> = {}): ErrorLogRow {
  const occurrence = { key: 'a'.repeat(32), span, path, from: NOW, to: NOW + 1000 };
  return errorLog({ process: 'p', created_at: NOW, error_message: 'no dog 7', occurrence, ...more });
}

for (const kind of KINDS)
  describe(`carriers of one exception on ${kind}`, () => {
    test('more than are told apart: later ones are rows of their own, and a replay counts none again', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const logs = Array.from({ length: 100 }, (_, n) => carrier('s1', [], { accepted: n + 1, merged: 0 }));
      for (let delivery = 0; delivery < 3; delivery++) {
        await sink.write(batch({ logs }));
        const [{ accepted, stored, merged, closes }] = (await readLedger(db, 'rowtrace')) as [
          Awaited<ReturnType<typeof readLedger>>[number],
        ];
        assert.deepEqual([accepted, stored, merged, closes], [100, 37, 63, true]);
        const [rows] = await db.query('select count(*)::int as n from rowtrace.error_logs');
        assert.equal(rows!.n, 37);
      }
    });

    test('a retry with one more carrier: what that one knows gets into the row that is in the table', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const first = carrier('s1', ['s0']);
      const outer = carrier('s0', [], {
        level: 'CRITICAL',
        route: '/dogs/:id',
        http_status: 500,
        tags: { by: 'outer' },
      });
      await sink.write(batch({ logs: [first] }));
      for (let delivery = 0; delivery < 2; delivery++) {
        await sink.write(batch({ logs: [first, outer] }));
        assert.deepEqual(
          await db.query('select event_id::text, level::text, route, http_status, tags from rowtrace.error_logs'),
          [
            {
              event_id: first.event_id,
              level: 'CRITICAL',
              route: '/dogs/:id',
              http_status: 500,
              tags: { by: 'outer' },
            },
          ],
        );
        const [ledger] = await readLedger(db, 'rowtrace');
        assert.deepEqual([ledger!.stored, ledger!.merged], [1, 1]);
      }
    });
  });
