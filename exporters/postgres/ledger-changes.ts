// What a batch means for the ledger: reports of processes and the rows really stored (or given up) in, one change per
// process out. Pure.

import type { DeadLetterRow, ErrorLogRow, LedgerRow } from '../../src/record/row.ts';
import type { LedgerChange } from './statements/upsert-ledger.ts';

export function ledgerChanges(reports: readonly LedgerRow[], stored: readonly ErrorLogRow[]): LedgerChange[] {
  const changes = new Map<string, LedgerChange>();
  for (const report of reports) {
    const known = changes.get(report.process);
    if (!known || report.seq > known.seq) changes.set(report.process, { ...report, stored: 0, dead_lettered: 0 });
  }
  for (const row of stored) if (row.process !== undefined) changeOf(changes, row.process, row).stored += 1;
  return [...changes.values()];
}

export function deadLetterChanges(rows: readonly DeadLetterRow[]): LedgerChange[] {
  const changes = new Map<string, LedgerChange>();
  // Only log records are accepted one by one in the ledger; histograms and calls are not.
  for (const { process, kind } of rows)
    if (process !== undefined && kind === 'log') changeOf(changes, process, {}).dead_lettered += 1;
  return [...changes.values()];
}

function changeOf(changes: Map<string, LedgerChange>, process: string, row: Partial<ErrorLogRow>): LedgerChange {
  let change = changes.get(process);
  if (!change) {
    const { service = '', host, pid } = row;
    const nothing = { seq: -1, updated_at: row.created_at ?? Date.now(), accepted: 0, merged: 0, dropped: {} };
    change = { process, service, host, pid, ...nothing, stored: 0, dead_lettered: 0 };
    changes.set(process, change);
  }
  return change;
}
