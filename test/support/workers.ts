// One line of the matrix of background workers: the worker in a process of its own, three jobs, the rows they leave. What
// was measured is written down where ROWTRACE_FRAMEWORKS_OUT asks for it (docs/frameworks.md is made from that).

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Db } from '../../src/store/db.ts';
import { Application } from './application.ts';
import { databaseFor } from './database.ts';
import { versionOf } from './frameworks.ts';

export interface WorkerCell {
  /** As the documentation calls it. */
  worker: string;
  /** File in test/fixtures/apps/workers. */
  app: string;
  args?: string[];
  packages: readonly string[];
  /** What it was tried against. */
  server: string;
  /** Tag that names the job or message. */
  idTag: string;
  /** Operations of its latencies; patterns, since names of queues are made up. */
  operations: RegExp;
}

export interface WorkerResult {
  worker: string;
  versions: string[];
  server: string;
  cells: Record<string, boolean | string>;
}

export interface WorkerRow {
  level: string;
  type: string | null;
  message: string;
  traceId: string | null;
  tags: Record<string, unknown>;
}

export interface MeasuredWorker {
  db: Db;
  rows: WorkerRow[];
  operations: string[];
}

/** Jobs: `groom` throws a TypeError or GroomingError, `weigh` logs a RangeError. */
export async function measureWorker(t: TestContext, cell: WorkerCell): Promise<MeasuredWorker> {
  const { db, url: databaseUrl } = await databaseFor(t);
  const application = new Application(t, { app: `workers/${cell.app}`, args: cell.args ?? [], databaseUrl });
  const { code, stderr } = await application.ended();
  assert.equal(code, 0, stderr);
  const rows = await db.query<WorkerRow>(`
    select level::text, error_type as type, coalesce(error_message, message) as message, trace_id as "traceId", tags
    from rowtrace.error_logs order by created_at, id`);
  const latency = await db.query<{ operation: string }>(
    "select distinct operation from rowtrace.latency_histograms where kind in ('messaging', 'internal') order by 1",
  );
  const measured = { db, rows, operations: latency.map(({ operation }) => operation) };
  note(cell, measured);
  return measured;
}

export function failuresOf(rows: readonly WorkerRow[]): WorkerRow[] {
  return rows.filter(({ type }) => type === 'TypeError' || type === 'GroomingError');
}

function note(cell: WorkerCell, { rows, operations }: MeasuredWorker): void {
  const out = process.env.ROWTRACE_FRAMEWORKS_OUT;
  if (!out) return;
  const failures = failuresOf(rows);
  const logged = rows.filter(({ type }) => type === 'RangeError');
  const entry: WorkerResult = {
    worker: cell.worker,
    versions: cell.packages.map((name) => `${name} ${versionOf(name)}`),
    server: cell.server,
    cells: {
      'error of a job': failures.length > 0 && failures.every(({ message }) => message.includes('does not hold still')),
      'latency by operation': operations.filter((operation) => cell.operations.test(operation)).length > 0,
      'id of the job': failures.every(({ tags }) => tags[cell.idTag] !== undefined) ? `tag \`${cell.idTag}\`` : false,
      'log records carry the job': logged.length === 1 && logged[0]!.tags[cell.idTag] !== undefined,
    },
  };
  writeFileSync(join(out, `worker-${cell.worker.replaceAll(/\W+/g, '-')}.json`), JSON.stringify(entry));
}
