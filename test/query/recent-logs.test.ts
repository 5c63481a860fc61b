// The newest rows of a kind that is rare, found without a look at all others.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type LogEntry, recentLogs } from '../../src/query/recent-logs.ts';
import { errorLog } from '../support/rows.ts';
import { batch, KINDS, openSink } from '../support/sinks.ts';

for (const kind of KINDS)
  describe(`recent rows on ${kind}`, () => {
    test('of the worst level, of which there is one behind thousands of others', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const at = Date.now() - 60_000;
      const logs = Array.from({ length: 3_000 }, (_, n) => errorLog({ created_at: at + n, level: 'ERROR' }));
      await sink.write(
        batch({ logs: [errorLog({ created_at: at - 1, level: 'CRITICAL', message: 'crash' }), ...logs] }),
      );
      await db.query('analyze rowtrace.error_logs');
      const plans: string[] = [];
      const rows = await recentLogs(
        {
          ...db,
          query: async <Row>(text: string, values?: readonly unknown[]) => {
            for (const row of await db.query<Record<string, string>>(`explain (analyze, timing off) ${text}`, values))
              plans.push(...Object.values(row));
            return db.query<Row>(text, values);
          },
        },
        'rowtrace',
        { level: 'CRITICAL', limit: 10 },
      );
      assert.deepEqual(
        rows.map(({ message }: LogEntry) => message),
        ['crash'],
      );
      assert.doesNotMatch(plans.join('\n'), /Rows Removed by Filter: \d{2,}/);
    });
  });
