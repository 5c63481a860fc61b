// What a batch means for the ledger: reports of processes, the rows really stored, taken back or given up in; one change
// per process out. Pure.

import type { AbsorbedRow, DeadLetterRow, ErrorCountRow, ErrorLogRow, LedgerRow } from '../../src/record/row.ts';
import type { IssueOccurrence } from './issue-groups.ts';
import { occurrencesOf } from './statements/insert-dead-letters.ts';
import type { LedgerChange } from './statements/upsert-ledger.ts';

/** A row that was stored by an earlier batch (or this one) and is part of another. */
export interface RemovedRow extends IssueOccurrence {
  event_id: string;
}

/** What one transaction did with rows. */
export interface Account {
  /** New, and still there. */
  stored: ErrorLogRow[];
  /** Stored by an earlier batch, and removed now. */
  takenBack: RemovedRow[];
  /** Part of a row (or letter) that is new: counted with it, so that a replay counts none twice. And repeats. */
  absorbed: Pick<AbsorbedRow, 'process'>[];
  /** Stored before, or a dead letter, and removed now: for their processes. */
  removed: AbsorbedRow[];
  removedLetters: AbsorbedRow[];
}

/** What was found of rows that are part of others. */
export interface Found {
  rows: readonly RemovedRow[];
  /** Ids of dead letters. */
  letters: readonly string[];
  /** Ids of rows that were part of others by an earlier batch, and so their parts are counted. */
  counted: readonly string[];
}

const NOTHING_FOUND: Found = { rows: [], letters: [], counted: [] };

/** What is new: a row, or a dead letter. */
type News = Pick<DeadLetterRow, 'event_id' | 'process'> & { acceptance?: number | undefined };

/**
 * @param repeated rows that are there already and that another request brings for the first time: what is part of them is,
 * too
 */
export function accountOf(
  added: readonly News[],
  inserted: readonly ErrorLogRow[],
  absorbed: readonly AbsorbedRow[] = [],
  { rows, letters, counted }: Found = NOTHING_FOUND,
  repeated: readonly News[] = [],
): Account {
  const made = new Set(added.map(idOf));
  // By process and request: two that brought the same account for it each, and its parts came with one of them.
  const known = new Set(counted);
  const fresh = added.filter((row) => !known.has(idOf(row)));
  const news = new Set([...fresh, ...repeated].map((row) => requestName(idOf(row), row)));
  const gone = new Set(rows.map(idOf));
  const goneLetters = new Set(letters);
  // By row: held now and stored by an interrupted attempt before, it is one all the same.
  const byName = new Map(absorbed.map((row) => [nameOf(idOf(row), row), row]));
  // What is a repeat counts as one, and the row is another's.
  for (const row of repeated) byName.delete(nameOf(idOf(row), row));
  const distinct = [...byName.values()];
  const isKnown = (row: AbsorbedRow) => row.held || gone.has(idOf(row)) || goneLetters.has(idOf(row));
  // With one of those between, which an interrupted attempt stored (or made a letter) and which goes now.
  const isCounted = ({ via = [] }: AbsorbedRow) =>
    via.some((id) => gone.has(id.toLowerCase()) || goneLetters.has(id.toLowerCase()));
  return {
    stored: gone.size === 0 ? [...inserted] : inserted.filter((row) => !gone.has(idOf(row))),
    takenBack: rows.filter((row) => !made.has(idOf(row))),
    absorbed: distinct.filter(
      (row) => news.has(requestName(row.into.toLowerCase(), row)) && isKnown(row) && !isCounted(row),
    ),
    removed: distinct.filter((row) => gone.has(idOf(row)) && !made.has(idOf(row))),
    removedLetters: distinct.filter((row) => goneLetters.has(idOf(row))),
  };
}

export function ledgerChanges(
  reports: readonly LedgerRow[],
  account: Account,
  counted: readonly ErrorCountRow[] = [],
): LedgerChange[] {
  const changes = new Map<string, LedgerChange>();
  for (const report of reports) {
    const known = changes.get(report.process);
    if (!known || report.seq > known.seq) changes.set(report.process, { ...NOTHING, ...report });
    if (report.ended || known?.ended) changes.get(report.process)!.ended = true;
  }
  for (const row of account.stored) add(changes, row, 'stored', 1);
  for (const row of counted) add(changes, row, 'aggregated', row.count);
  addAbsorbed(changes, account);
  return [...changes.values()];
}

/** @param rows those that are new */
export function deadLetterChanges(rows: readonly DeadLetterRow[], account: Account): LedgerChange[] {
  const changes = new Map<string, LedgerChange>();
  // Only log records and counts of them are accepted in the ledger; histograms and calls are not.
  for (const row of rows) {
    const occurrences = occurrencesOf(row);
    if (occurrences > 0) add(changes, row, 'dead_lettered', occurrences);
  }
  addAbsorbed(changes, account);
  return [...changes.values()];
}

/** Letters that are gone: stored after all (`discarded` false), or thrown away. */
export function goneLetterChanges(
  letters: readonly { process: string | null; occurrences: number }[],
  discarded: boolean,
): LedgerChange[] {
  const changes = new Map<string, LedgerChange>();
  for (const { process, occurrences } of letters) {
    if (process === null) continue;
    add(changes, { process }, 'dead_lettered', -occurrences);
    if (discarded) add(changes, { process }, 'discarded', occurrences);
  }
  return [...changes.values()];
}

function addAbsorbed(changes: Map<string, LedgerChange>, { absorbed, removed, removedLetters }: Account): void {
  for (const { process } of absorbed) add(changes, { process }, 'absorbed', 1);
  for (const { process } of removed) add(changes, { process }, 'stored', -1);
  for (const { process } of removedLetters) add(changes, { process }, 'dead_lettered', -1);
}

/** A row of a process that says, beside, what that process had accepted by then. */
type Source = Partial<Pick<ErrorLogRow, 'service' | 'host' | 'pid' | 'created_at' | 'accepted' | 'merged'>> & {
  process?: string | undefined;
};

const NOTHING = { stored: 0, absorbed: 0, aggregated: 0, dead_lettered: 0, discarded: 0 };

function add(changes: Map<string, LedgerChange>, row: Source, name: keyof typeof NOTHING, count: number): void {
  if (row.process === undefined) return;
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

function idOf({ event_id = '' }: { event_id?: string | undefined }): string {
  return event_id.toLowerCase();
}

function nameOf(id: string, { process }: { process?: string | undefined }): string {
  return `${id} ${process}`;
}

function requestName(id: string, row: Omit<News, 'event_id'>): string {
  return `${nameOf(id, row)} ${row.acceptance ?? ''}`;
}
