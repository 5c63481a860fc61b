// What the demo finds in the database, and whether it is what must be there.

import type { Options } from '../../options/options.ts';
import { type Issue, listIssues } from '../../query/issues.ts';
import { latencyByOperation, type OperationLatency } from '../../query/latency.ts';
import { type LogEntry, recentLogs } from '../../query/recent-logs.ts';
import type { Db } from '../../store/db.ts';
import { EXPECTED, type Example } from './example.ts';

const SERVICE = 'vet-clinic';
const WAIT_MILLIS = 8_000;

export interface DemoRows {
  rows: LogEntry[];
  issues: Issue[];
  latencies: OperationLatency[];
}

/** Looks until all is there, or the time is over. */
export async function readDemo(db: Db, { schema, columns }: Options, example: Example, since: Date): Promise<DemoRows> {
  const deadline = performance.now() + WAIT_MILLIS;
  for (;;) {
    const found = {
      rows: await recentLogs(db, schema, {
        ...{ since, service: SERVICE, limit: 100, columns: Object.keys(columns) },
      }),
      issues: await listIssues(db, schema, { since, service: SERVICE }),
      latencies: await latencyByOperation(db, schema, { since: startOfMinute(since), service: SERVICE, limit: 20 }),
    };
    if (isComplete(found, example) || performance.now() >= deadline) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

export function isComplete({ rows, issues, latencies }: DemoRows, { exitCode = 0 }: Example): boolean {
  // A crash takes the durations of its last ten seconds with it.
  const types = new Set(issues.map(({ type }) => type));
  const isSlow = (row: LogEntry) => row.level === 'WARNING' && row.message.startsWith('Slow ');
  return EXPECTED.every((type) => types.has(type)) && rows.some(isSlow) && (latencies.length > 0 || exitCode !== 0);
}

function startOfMinute(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 60_000) * 60_000);
}
