// One batch in one transaction. The order of the steps is the order of the locks, the same in every writer: occurrences,
// turns, rows, counts, repeats, rows taken back, notes of them, amendments, issue keys, histograms, calls, releases, ledger.
// Steps whose rows nobody needs are statements of one list, which goes with the commit in one round trip. Of a batch that is
// nothing but news nobody needs any.

import type { Batch, WriteResult } from '../../src/deliver/sink.ts';
import type { AbsorbedRow, AmendmentRow, DeadLetterRow, ErrorCountRow, ErrorLogRow } from '../../src/record/row.ts';
import type { Queryable, Transaction } from '../../src/store/db.ts';
import { findRepeats } from './find-repeats.ts';
import { distinctKeys, groupByIssue, type IssueOccurrence } from './issue-groups.ts';
import { joinOccurrences } from './join-occurrences.ts';
import { accountOf, deadLetterChanges, type Found, ledgerChanges, type RemovedRow } from './ledger-changes.ts';
import { amendLogs } from './statements/amend-logs.ts';
import { appendDeltas } from './statements/append-deltas.ts';
import { createIssues } from './statements/create-issues.ts';
import { insertCalls } from './statements/insert-calls.ts';
import { insertCounts } from './statements/insert-counts.ts';
import { digestOf, insertDeadLetters } from './statements/insert-dead-letters.ts';
import { insertHistograms } from './statements/insert-histograms.ts';
import { insertLogs } from './statements/insert-logs.ts';
import { noteReleases } from './statements/note-releases.ts';
import { noteWholes } from './statements/note-wholes.ts';
import { removeAbsorbed, removeLetters } from './statements/remove-absorbed.ts';
import type { Statement, Target } from './statements/statement.ts';
import { takeTurns } from './statements/take-turns.ts';
import { type LedgerChange, upsertLedger } from './statements/upsert-ledger.ts';

/** How the rows of error_logs get in: those that were not there before come back. */
export type InsertRows = (tx: Transaction, logs: ReadonlyMap<string, ErrorLogRow>) => Promise<ErrorLogRow[]>;

/** Which rows become counts. */
export type Divide = (tx: Queryable, batch: Batch) => Promise<Batch>;

export interface WriteWays {
  /** Default: passes over rows that are there already. */
  insert?: InsertRows | undefined;
  /** Asked once it is known which rows are part of others. Default: none. */
  divide?: Divide | undefined;
  /** From a dead letter, by hand. */
  replayed?: boolean;
}

export async function writeBatch(
  tx: Transaction,
  target: Target,
  given: Batch,
  { insert = insertNew(target), divide, replayed = false }: WriteWays = {},
): Promise<WriteResult> {
  const { logs: standing, joined, known, ...occurrences } = await joinOccurrences(tx, target, distinctById(given.logs));
  // Only now, as two carriers of one exception are one.
  const batch = divide ? await divide(tx, { ...given, logs: [...standing.values()] }) : given;
  const logs = divide ? distinctById(batch.logs) : standing;
  await tx.later(takeTurns(target, batch));
  const inserted = logs.size > 0 ? await insert(tx, logs) : [];
  const counts = batch.counts.length > 0 ? await insertNewCounts(tx, target, batch.counts) : [];
  // Before anything is taken back, as what is repeated may be. What delivery held was brought as well.
  const held = batch.absorbed.flatMap((row) => (row.held ? { ...row, acceptance: row.ownAcceptance } : []));
  const brought = [...given.logs, ...batch.counts, ...held];
  const repeats = await findRepeats(tx, target, brought, [...inserted, ...counts], known);
  const found = await takeBack(tx, target, batch.absorbed);
  const account = accountOf([...inserted, ...joined], inserted, batch.absorbed, found, repeats);
  account.absorbed.push(...joined, ...repeats);
  const amendments = [...batch.amendments, ...occurrences.amendments];
  const amended = amendments.length > 0 ? await amend(tx, target, amendments) : [];
  const weighted = counts.map((row) => ({ ...row, weight: row.count }));
  await tx.later([
    ...occurrences.statements,
    ...issueStatements(target, [...account.stored, ...account.takenBack, ...weighted, ...amended]),
    ...otherStatements(target, batch),
    ...ledgerStatements(target, ledgerChanges(batch.ledgers, account, counts), replayed),
  ]);
  // What became part of another row now, or a count, was not there already.
  const divided = counts.filter(({ event_id }) => standing.has(event_id.toLowerCase()));
  const news = inserted.length + joined.length + divided.length;
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
  const account = accountOf([], logs);
  return [
    ...takeTurns(target, batch),
    ...copy,
    ...issueStatements(target, logs),
    ...otherStatements(target, batch),
    ...ledgerStatements(target, ledgerChanges(batch.ledgers, account)),
  ];
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

/** What is part of another row is neither a row nor a dead letter of its own. */
async function takeBack(tx: Queryable, target: Target, absorbed: readonly AbsorbedRow[]): Promise<Found | undefined> {
  if (absorbed.length === 0) return undefined;
  const { text, values } = removeAbsorbed(target, absorbed);
  const rows = await tx.query<RemovedRow>(text, values);
  const letters = removeLetters(target, absorbed);
  const removed = await tx.query<{ event_id: string }>(letters.text, letters.values);
  const gone = removed.map(({ event_id }) => event_id);
  const counted = await noteTaken(tx, target, absorbed, [...gone, ...rows.map(({ event_id }) => event_id)]);
  return { rows, letters: gone, counted };
}

/** @param gone ids of those that were stored or given up, of whose parts this batch may know nothing */
async function noteTaken(
  tx: Queryable,
  target: Target,
  absorbed: readonly AbsorbedRow[],
  gone: readonly string[],
): Promise<string[]> {
  // With a request of a receiver each row is noted as a repeat.
  const own = absorbed.filter((row) => row.acceptance === undefined && row.ownAcceptance === undefined);
  if (own.length === 0) return [];
  const isGone = new Set(gone);
  const wholes = own.flatMap(({ event_id, via = [] }) =>
    isGone.has(event_id.toLowerCase()) ? [event_id, ...via] : via,
  );
  const { text, values } = noteWholes(
    target,
    wholes,
    own.map(({ into }) => into),
  );
  return (await tx.query<{ event_id: string }>(text, values)).map(({ event_id }) => event_id);
}

function ledgerStatements(target: Target, changes: readonly LedgerChange[], replayed = false): Statement[] {
  return changes.length > 0 ? [upsertLedger(target, changes, replayed)] : [];
}

/** Passes over rows that are there already. */
export function insertNew(target: Target): InsertRows {
  return async (tx, logs) => {
    const { text, values } = insertLogs(target, [...logs.values()]);
    const returned = await tx.query<{ event_id: string }>(text, values);
    const ids = new Set(returned.map(({ event_id }) => event_id));
    return [...logs].filter(([id]) => ids.has(id)).map(([, row]) => row);
  };
}

export async function writeDeadLetters(tx: Transaction, target: Target, rows: readonly DeadLetterRow[]): Promise<void> {
  if (rows.length === 0) return;
  const { text, values } = insertDeadLetters(target, rows);
  const made = new Set((await tx.query<{ digest: string }>(text, values)).map(({ digest }) => digest));
  const added = rows.filter((row) => made.delete(digestOf(row)));
  const absorbed = rows.flatMap((row) => row.absorbed ?? []);
  const news = added.map((row) => ({ ...row, acceptance: row.absorbed?.[0]?.acceptance }));
  const account = accountOf(news, [], absorbed, await takeBack(tx, target, absorbed));
  await tx.later([
    ...issueStatements(target, account.takenBack),
    ...ledgerStatements(target, deadLetterChanges(added, account)),
  ]);
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
