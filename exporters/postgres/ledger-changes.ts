// What a batch means for the ledger: reports of processes, and what became of records; one change per process out. Pure.

import type { DeadLetterRow, ErrorCountRow, ErrorLogRow, LedgerRow } from '../../src/record/row.ts';
import { occurrencesOf } from './statements/insert-dead-letters.ts';
import type { GoneLetter } from './statements/take-letters.ts';
import type { LedgerChange } from './statements/upsert-ledger.ts';

/** What one transaction did with records. Each is settled once, so that each list holds what is news only. */
export interface Account {
  reports?: readonly LedgerRow[];
  /** New, and still there. */
  stored?: readonly ErrorLogRow[];
  counted?: readonly ErrorCountRow[];
  /** Part of another row, or there already with another request. */
  merged?: readonly Source[];
  /** Stored by an earlier batch, and removed now. */
  removed?: readonly Source[];
  deadLetters?: readonly DeadLetterRow[];
  /** No letters any more: stored after all, or thrown away. */
  letters?: readonly GoneLetter[];
  /** Of those: thrown away. */
  discarded?: readonly GoneLetter[];
}

export function ledgerChanges(account: Account): LedgerChange[] {
  const {
    reports = [],
    stored = [],
    counted = [],
    merged = [],
    removed = [],
    deadLetters = [],
    letters = [],
    discarded = [],
  } = account;
  const changes = new Map<string, LedgerChange>();
  for (const report of reports) {
    const known = changes.get(report.process);
    if (!known || report.seq > known.seq) changes.set(report.process, { ...NOTHING, ...report });
    if (report.ended || known?.ended) changes.get(report.process)!.ended = true;
  }
  for (const row of stored) add(changes, row, 'stored', 1);
  for (const row of counted) add(changes, row, 'aggregated', row.count);
  for (const row of merged) add(changes, row, 'absorbed', 1);
  for (const { process } of removed) add(changes, { process }, 'stored', -1);
  // Only log records and counts of them are accepted in the ledger; histograms and calls are not.
  for (const row of deadLetters) {
    const occurrences = occurrencesOf(row);
    if (occurrences > 0) add(changes, row, 'dead_lettered', occurrences);
  }
  for (const { process, occurrences } of letters) add(changes, { process }, 'dead_lettered', -occurrences);
  for (const { process, occurrences } of discarded) add(changes, { process }, 'discarded', occurrences);
  return [...changes.values()];
}

/** A row of a process that says, beside, what that process had accepted by then. */
export type Source = Partial<Pick<ErrorLogRow, 'service' | 'host' | 'pid' | 'created_at' | 'accepted' | 'merged'>> & {
  process?: string | null | undefined;
};

const NOTHING = { stored: 0, absorbed: 0, aggregated: 0, dead_lettered: 0, discarded: 0 };

function add(changes: Map<string, LedgerChange>, row: Source, name: keyof typeof NOTHING, count: number): void {
  if (row.process === undefined || row.process === null) return;
  const change = changeOf(changes, row.process, row);
  change[name] += count;
  change.accepted = Math.max(change.accepted, row.accepted ?? 0);
  change.merged = Math.max(change.merged, row.merged ?? 0);
}

function changeOf(
  changes: Map<string, LedgerChange>,
  process: string,
  { service = '', host, pid, created_at }: Source,
): LedgerChange {
  let change = changes.get(process);
  if (!change) {
    const unreported = { seq: -1, updated_at: created_at ?? Date.now(), accepted: 0, merged: 0, dropped: {} };
    change = { ...NOTHING, ...unreported, process, service, host, pid };
    changes.set(process, change);
  }
  return change;
}
