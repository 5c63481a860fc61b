// One batch in one transaction. The order of the steps is the order of the locks, the same in every writer: rows,
// amendments, issue keys, histograms, calls, releases, ledger.

import type { Batch, WriteResult } from '../../src/deliver/sink.ts';
import type { DeadLetterRow, ErrorLogRow } from '../../src/record/row.ts';
import type { Queryable } from '../../src/store/db.ts';
import { distinctKeys, groupByIssue, type IssueOccurrence } from './issue-groups.ts';
import { deadLetterChanges, ledgerChanges } from './ledger-changes.ts';
import { amendLogs } from './statements/amend-logs.ts';
import { appendDeltas } from './statements/append-deltas.ts';
import { createIssues } from './statements/create-issues.ts';
import { insertCalls } from './statements/insert-calls.ts';
import { digestOf, insertDeadLetters } from './statements/insert-dead-letters.ts';
import { insertHistograms } from './statements/insert-histograms.ts';
import { insertLogs } from './statements/insert-logs.ts';
import { noteReleases } from './statements/note-releases.ts';
import type { Statement, Target } from './statements/statement.ts';
import { upsertLedger } from './statements/upsert-ledger.ts';

export async function writeBatch(tx: Queryable, target: Target, batch: Batch): Promise<WriteResult> {
  const run = <Row>({ text, values }: Statement) => tx.query<Row>(text, values);
  const logs = distinctById(batch.logs);
  let inserted: ErrorLogRow[] = [];
  if (logs.size > 0) {
    const returned = await run<{ event_id: string }>(insertLogs(target, [...logs.values()]));
    const ids = new Set(returned.map(({ event_id }) => event_id));
    inserted = [...logs].filter(([id]) => ids.has(id)).map(([, row]) => row);
  }
  const counted: IssueOccurrence[] = [...inserted];
  if (batch.amendments.length > 0) counted.push(...(await run<IssueOccurrence>(amendLogs(target, batch.amendments))));

  const groups = groupByIssue(counted);
  if (groups.length > 0) {
    await run(createIssues(target, distinctKeys(groups)));
    await run(appendDeltas(target, groups));
  }
  if (batch.histograms.length > 0) await run(insertHistograms(target, batch.histograms));
  if (batch.calls.length > 0) await run(insertCalls(target, batch.calls));
  const releases = noteReleases(target, batch);
  if (releases) await run(releases);

  const changes = ledgerChanges(batch.ledgers, inserted);
  if (changes.length > 0) await run(upsertLedger(target, changes));
  return { insertedLogs: inserted.length, duplicateLogs: batch.logs.length - inserted.length };
}

export async function writeDeadLetters(tx: Queryable, target: Target, rows: readonly DeadLetterRow[]): Promise<void> {
  if (rows.length === 0) return;
  const { text, values } = insertDeadLetters(target, rows);
  const made = new Set((await tx.query<{ digest: string }>(text, values)).map(({ digest }) => digest));
  const changes = deadLetterChanges(rows.filter((row) => made.delete(digestOf(row))));
  if (changes.length === 0) return;
  const ledger = upsertLedger(target, changes);
  await tx.query(ledger.text, ledger.values);
}

/** By id as Postgres writes it back; of two rows with one id the first counts. */
function distinctById(rows: readonly ErrorLogRow[]): Map<string, ErrorLogRow> {
  const byId = new Map<string, ErrorLogRow>();
  for (const row of rows) {
    const id = row.event_id.toLowerCase();
    if (!byId.has(id)) byId.set(id, row);
  }
  return byId;
}
