// A server of calls that are none of HTTP's, in a process of its own: what it is asked, and the rows that leaves.

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Db } from '../../src/store/db.ts';
import { Application } from './application.ts';
import { databaseFor } from './database.ts';
import { type Row as FrameworkRow, operationsOf, ROW } from './frameworks.ts';

export interface Row extends FrameworkRow {
  tags: Record<string, unknown>;
}

export interface Called {
  db: Db;
  rows: Row[];
  operations: string[];
  hooked: string;
}

/** @param app of the frameworks' applications; ends with its stdin */
export async function called(
  t: TestContext,
  app: string,
  call: (url: string, application: Application) => Promise<void>,
): Promise<Called> {
  const { db, url: databaseUrl } = await databaseFor(t);
  const env = { ROWTRACE_SLOW_SERVER_MILLIS: '0' };
  const application = new Application(t, { app: `frameworks/${app}`, env, databaseUrl });
  await call(await application.url(), application);
  application.child.stdin!.end();
  const { code, stderr, said } = await application.ended();
  assert.equal(code, 0, stderr);
  const rows = await db.query<Row>(`
    select ${ROW}, coalesce(tags, '{}') as tags
    from rowtrace.error_logs order by level::text, error_type collate "C", message`);
  return { db, rows, operations: await operationsOf(db), hooked: said[0] ?? '' };
}
