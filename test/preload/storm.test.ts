// A storm in a real process: what the issue says, what is on disk and in memory, and whether another error gets through.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listIssues } from '../../src/query/issues.ts';
import { readLedger } from '../../src/query/ledger.ts';
import { Application, until } from '../support/application.ts';
import { databaseFor } from '../support/database.ts';

const MIB = 1024 * 1024;

//      errors      kind      issues beside the other one
const STORMS = [
  [1_000_000, 'same', 1],
  [100_000, 'unique', 101],
] as const;

for (const [total, kind, mostIssues] of STORMS)
  test(`${total} errors (${kind}): counted exactly, bounded in bytes and memory; another error's row comes at once`, async (t) => {
    const { db, url: databaseUrl } = await databaseFor(t);
    const app = new Application(t, {
      app: 'storm/storm.mjs',
      databaseUrl,
      args: [String(total), kind],
      // Garbage is not kept for later, and what is kept for good would end the process.
      env: { NODE_OPTIONS: '--max-old-space-size=64 --max-semi-space-size=4' },
    });
    let ended = false;
    const end = app.ended().finally(() => {
      ended = true;
    });
    const other = async () => {
      const rows = await db.query<{ created_at: Date }>(
        `select created_at from rowtrace.error_logs where message = 'the other one'`,
      );
      return rows[0];
    };
    let row: { created_at: Date } | undefined;
    let seenAfterMillis = 0;
    while (!ended && row === undefined) {
      row = await other();
      if (row !== undefined) seenAfterMillis = Date.now() - row.created_at.getTime();
      else await new Promise((later) => setTimeout(later, 50));
    }
    const { code, stdout } = await end;
    assert.equal(code, 0);
    const figures = JSON.parse(stdout);
    t.diagnostic(`${stdout.trim()} other after ${seenAfterMillis} ms`);
    assert.equal(figures.delivered, true);
    assert.ok(row !== undefined, 'the other error was in the database before the process ended');
    assert.ok(seenAfterMillis < 5000, `the other error's row came after ${seenAfterMillis} ms`);

    // The end may be a moment behind its last rows.
    const [ledger] = await until(async () => {
      const entries = await readLedger(db, 'rowtrace');
      return entries[0]?.pending === 0 && entries;
    }, 'a ledger that closes');
    assert.equal(ledger!.accepted, total + 1);
    assert.equal(ledger!.stored + ledger!.aggregated, total + 1);
    assert.deepEqual(ledger!.dropped, {});
    const issues = await listIssues(db, 'rowtrace', { limit: 1000 });
    const storm = issues.filter(({ title }) => title !== 'the other one');
    assert.equal(
      storm.reduce((sum, { count }) => sum + count, 0),
      total,
    );
    const minutes = Math.ceil(figures.stormMillis / 60_000) + 1;
    assert.ok(storm.length <= mostIssues * (kind === 'same' ? 1 : minutes), `${storm.length} issues`);
    assert.ok(ledger!.stored <= 120 * minutes, `${ledger!.stored} rows`);
    assert.ok(figures.bytes < MIB * minutes, `${figures.bytes} bytes in the journal`);
    assert.ok(figures.grownBytes < 64 * MIB, `memory grew by ${figures.grownBytes / MIB} MiB`);
  });
