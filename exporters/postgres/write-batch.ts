// One batch in one transaction. The order of the steps is the order of the locks, the same in every writer: occurrences,
// turns, letters, rows, counts, repeats, rows taken back or amended with notes of the former, issue keys, histograms, calls,
// releases, ledger. Steps whose rows nobody needs are statements of one list, which goes with the commit in one round trip. Of
// a batch that is nothing but news nobody needs any.

import type { Batch, WriteResult } from '../../src/deliver/sink.ts';
import {
  type AbsorbedRow,
  type AmendmentRow,
  type DeadLetterRow,
  type ErrorCountRow,
  type ErrorLogRow,
  NO_REQUEST,
  type Unit,
} from '../../src/record/row.ts';
import type { Queryable, Transaction } from '../../src/store/db.ts';
import { findRepeats } from './find-repeats.ts';
import { distinctKeys, groupByIssue, type IssueOccurrence } from './issue-groups.ts';
import { joinOccurrences } from './join-occurrences.ts';
import { ledgerChanges } from './ledger-changes.ts';
import { amendLogs } from './statements/amend-logs.ts';
import { appendDeltas } from './statements/append-deltas.ts';
import { createIssues } from './statements/create-issues.ts';
import { insertCalls } from './statements/insert-calls.ts';
import { insertCounts } from './statements/insert-counts.ts';
import { digestOf, insertDeadLetters } from './statements/insert-dead-letters.ts';
import { insertHistograms } from './statements/insert-histograms.ts';
import { insertLogs } from './statements/insert-logs.ts';
import { noteReleases } from './statements/note-releases.ts';
import { type RemovedRow, removeAbsorbed } from './statements/remove-absorbed.ts';
import { mayBePart, removeNoted, removeNotedLetters } from './statements/remove-noted.ts';
import type { Statement, Target } from './statements/statement.ts';
import { type TakenLetter, takeLetters } from './statements/take-letters.ts';
import { takeTurns } from './statements/take-turns.ts';
import { type LedgerChange, upsertLedger } from './statements/upsert-ledger.ts';

/** Which rows become counts. */
export type Divide = (tx: Queryable, batch: Batch) => Promise<Batch>;

export interface WriteWays {
  /**
   * What stores rows of which none is known, and fails when one is. Undefined where they cannot be stored that way. Default:
   * passes over rows that are there already.
   *
   * @param given with those that became part of others
   */
  copy?:
    | ((logs: ReadonlyMap<string, ErrorLogRow>, given: readonly ErrorLogRow[]) => Statement[] | undefined)
    | undefined;
  /** Asked once it is known which rows are part of others. Default: none. */
  divide?: Divide | undefined;
  /** From a dead letter, by hand. */
  replayed?: boolean;
}

export async function writeBatch(
  tx: Transaction,
  target: Target,
  given: Batch,
  { copy, divide, replayed = false }: WriteWays = {},
): Promise<WriteResult> {
  const {
    logs: standing,
    joined,
    known: carriers,
    ...occurrences
  } = await joinOccurrences(tx, target, distinctById(given.logs));
  // Only now, as two carriers of one exception are one.
  const batch = divide ? await divide(tx, { ...given, logs: [...standing.values()] }) : given;
  const logs = divide ? distinctById(batch.logs) : standing;
  const amendments = [...batch.amendments, ...occurrences.amendments];
  await tx.later(takeTurns(target, [...given.logs, ...given.counts]));
  const brought = [...given.logs, ...batch.counts, ...heldOf(batch.absorbed)];
  const copies = logs.size > 0 ? copy?.(logs, given.logs) : undefined;
  const isAsked = batch.absorbed.length > 0 || (copies === undefined && brought.length > 0);
  const letters = isAsked ? await digOut(tx, target, brought, batch.absorbed) : [];
  if (copies !== undefined) await tx.later(copies);
  const inserted = copies !== undefined ? [...logs.values()] : await insertNew(tx, target, logs);
  const counts = batch.counts.length > 0 ? await insertNewCounts(tx, target, batch.counts) : [];
  // Before anything is taken back, as what is repeated may be.
  const repeats = await findRepeats(tx, target, brought, [...inserted, ...counts], carriers);
  const { stored, ...taken } = await takeBack(tx, target, batch.absorbed, inserted, amendments);
  const amended = amendments.length > 0 ? await amend(tx, target, amendments) : [];
  const weighted = counts.map((row) => ({ ...row, weight: row.count }));
  const merged = [...joined, ...repeats, ...taken.merged, ...letters.filter(({ noted }) => noted)];
  const account = { reports: batch.ledgers, stored, counted: counts, merged, removed: taken.removed, letters };
  await tx.later([
    ...occurrences.statements,
    ...issueStatements(target, [...stored, ...taken.rows, ...weighted, ...amended]),
    ...otherStatements(target, batch),
    ...ledgerStatements(target, ledgerChanges(account), replayed),
  ]);
  // What became part of another row now, or a count, was not there already; what had a letter was.
  const divided = counts.filter(({ event_id }) => standing.has(event_id.toLowerCase()));
  const known = letters.filter(({ noted }) => !noted).length;
  const news = inserted.length + joined.length + divided.length - known;
  const result = { insertedLogs: inserted.length, duplicateLogs: given.logs.length - news };
  return counts.length === 0 ? result : { ...result, aggregated: counts.reduce((sum, { count }) => sum + count, 0) };
}

/** The whole of a batch where nothing has to be asked: every row is new, or `copy` refuses them all. */
export function statementsOfNews(
  target: Target,
  batch: Batch,
  logs: readonly ErrorLogRow[],
  copy: readonly Statement[],
): Statement[] {
  return [
    ...takeTurns(target, logs),
    ...copy,
    ...issueStatements(target, logs),
    ...otherStatements(target, batch),
    ...ledgerStatements(target, ledgerChanges({ reports: batch.ledgers, stored: logs })),
  ];
}

/** What delivery held was brought as well. */
function heldOf(absorbed: readonly AbsorbedRow[]) {
  return absorbed.flatMap((row) => (row.held ? { ...row, acceptance: row.ownAcceptance ?? NO_REQUEST } : []));
}

async function insertNewCounts(
  tx: Queryable,
  target: Target,
  given: readonly ErrorCountRow[],
): Promise<ErrorCountRow[]> {
  const counts = distinctById(given);
  const { text, values } = insertCounts(target, [...counts.values()]);
  const returned = await tx.query<{ event_id: string }>(text, values);
  return returned.map(({ event_id }) => counts.get(event_id)!);
}

function amend(tx: Queryable, target: Target, amendments: readonly AmendmentRow[]): Promise<IssueOccurrence[]> {
  const { text, values } = amendLogs(target, amendments);
  return tx.query<IssueOccurrence>(text, values);
}

function issueStatements(target: Target, counted: readonly IssueOccurrence[]): Statement[] {
  const groups = groupByIssue(counted);
  return groups.length > 0 ? [createIssues(target, distinctKeys(groups)), appendDeltas(target, groups)] : [];
}

function otherStatements(target: Target, batch: Batch): Statement[] {
  const statements: Statement[] = [];
  if (batch.histograms.length > 0) statements.push(insertHistograms(target, batch.histograms));
  if (batch.calls.length > 0) statements.push(insertCalls(target, batch.calls));
  const releases = noteReleases(target, batch);
  if (releases) statements.push(releases);
  return statements;
}

interface Taken {
  /** Of those inserted. */
  stored: ErrorLogRow[];
  /** Stored by an earlier batch. */
  rows: RemovedRow[];
  removed: { process?: string | undefined }[];
  merged: { process?: string | undefined }[];
}

/** What is part of another row is no row of its own. */
async function takeBack(
  tx: Queryable,
  target: Target,
  absorbed: readonly AbsorbedRow[],
  inserted: readonly ErrorLogRow[] = [],
  amendments: readonly AmendmentRow[] = [],
): Promise<Taken> {
  if (absorbed.length === 0) return { stored: [...inserted], rows: [], removed: [], merged: [] };
  const { text, values } = removeAbsorbed(target, absorbed, amendments);
  const gone = await tx.query<RemovedRow>(text, values);
  const made = distinctById(inserted);
  const parts = new Map(absorbed.map((row) => [unitName(row.event_id, row.ownAcceptance), row]));
  // A row that another receiver stored is that one's in the ledger, too: nothing says whose.
  const ownerOf = ({ event_id, acceptance }: RemovedRow) =>
    made.get(event_id) ?? parts.get(unitName(event_id, acceptance)) ?? {};
  const rows = gone.filter(({ event_id }) => !made.has(event_id));
  const ids = new Set(gone.map(({ event_id }) => event_id));
  return {
    stored: inserted.filter(({ event_id }) => !ids.has(event_id.toLowerCase())),
    rows,
    removed: rows.map(ownerOf),
    merged: gone.filter(({ noted }) => noted).map(ownerOf),
  };
}

function unitName(id: string, acceptance: number | null | undefined): string {
  return `${id.toLowerCase()} ${acceptance ?? NO_REQUEST}`;
}

function digOut(
  tx: Queryable,
  target: Target,
  brought: readonly Unit[],
  parts: readonly AbsorbedRow[],
): Promise<TakenLetter[]> {
  const { text, values } = takeLetters(target, brought, parts);
  return tx.query<TakenLetter>(text, values);
}

function ledgerStatements(target: Target, changes: readonly LedgerChange[], replayed = false): Statement[] {
  return changes.length > 0 ? [upsertLedger(target, changes, replayed)] : [];
}

/** Passes over rows that are there already. */
async function insertNew(
  tx: Queryable,
  target: Target,
  logs: ReadonlyMap<string, ErrorLogRow>,
): Promise<ErrorLogRow[]> {
  if (logs.size === 0) return [];
  const { text, values } = insertLogs(target, [...logs.values()]);
  const returned = await tx.query<{ event_id: string }>(text, values);
  const ids = new Set(returned.map(({ event_id }) => event_id));
  const inserted = [...logs].filter(([id]) => ids.has(id)).map(([, row]) => row);
  const parts = inserted.filter(mayBePart);
  if (parts.length === 0) return inserted;
  const removal = removeNoted(target, parts);
  const removed = await tx.query<{ event_id: string }>(removal.text, removal.values);
  const gone = new Set(removed.map(({ event_id }) => event_id));
  return inserted.filter(({ event_id }) => !gone.has(event_id.toLowerCase()));
}

export async function writeDeadLetters(tx: Transaction, target: Target, rows: readonly DeadLetterRow[]): Promise<void> {
  if (rows.length === 0) return;
  const absorbed = rows.flatMap((row) => row.absorbed ?? []);
  await tx.later(takeTurns(target, rows));
  const made = await insertLetters(tx, target, rows);
  const deadLetters = rows.filter((row) => made.delete(digestOf(row)));
  const letters = absorbed.length > 0 ? await digOut(tx, target, [], absorbed) : [];
  const repeats = await findRepeats(tx, target, heldOf(absorbed), [], new Map());
  const taken = await takeBack(tx, target, absorbed);
  const merged = [...repeats, ...taken.merged, ...letters.filter(({ noted }) => noted)];
  await tx.later([
    ...issueStatements(target, taken.rows),
    ...ledgerStatements(target, ledgerChanges({ merged, removed: taken.removed, deadLetters, letters })),
  ]);
}

/** @returns digests of those that are new */
async function insertLetters(tx: Queryable, target: Target, rows: readonly DeadLetterRow[]): Promise<Set<string>> {
  const insertion = insertDeadLetters(target, rows);
  const made = await tx.query<{ digest: string }>(insertion.text, insertion.values);
  const digests = new Set(made.map(({ digest }) => digest));
  const { text, values } = removeNotedLetters(target, [...digests]);
  for (const { digest } of await tx.query<{ digest: string }>(text, values)) digests.delete(digest);
  return digests;
}

/** By id as Postgres writes it back; of two rows with one id the first counts. */
export function distinctById<Row extends { event_id: string }>(rows: readonly Row[]): Map<string, Row> {
  const byId = new Map<string, Row>();
  for (const row of rows) {
    const id = row.event_id.toLowerCase();
    if (!byId.has(id)) byId.set(id, row);
  }
  return byId;
}
