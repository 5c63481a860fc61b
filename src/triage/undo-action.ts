// Takes back what a person did: the state before for a decision, the keys for a merge or a split. What came since then is judged
// again, so that the status is the one it would have without. Nothing is deleted, so both remain in the history.

import { RowtraceError } from '../errors.ts';
import { DECISIONS, type HistoryAction, listOf, UNDOABLE } from '../query/issue-history.ts';
import type { Issue } from '../query/issues.ts';
import type { Db } from '../store/db.ts';
import { type Actor, type IssueRef, inTriage, judgeAgain, liveIssue, record, setState, type Triage } from './action.ts';
import { lastDecision, stateAfter } from './last-decision.ts';
import type { MergeDetail } from './merge-issues.ts';
import { undoMerge, undoSplit } from './move-back.ts';
import type { SplitDetail } from './split-issue.ts';

export interface Undo extends Actor {
  /** The last action on this issue that was not undone yet … */
  issue?: IssueRef;
  /** … or this entry of the history. */
  history?: number;
}

export interface Entry {
  id: number;
  issue_id: number;
  others: number[];
  action: HistoryAction;
  detail: Record<string, unknown>;
  undone_by: number | null;
}

const COLUMNS = 'id, issue_id, others, action, detail, undone_by';

/** Returns the issue the action was on. @throws RowtraceError RT_NOT_FOUND, RT_UNDO_INVALID */
export function undoAction(db: Db, schema: string, undo: Undo): Promise<Issue> {
  return inTriage(db, schema, undo, async (triage) => {
    const entry = await findEntry(triage, undo);
    const changed = await takeBack(triage, entry);
    const detail = { history: entry.id, action: entry.action };
    const id = await record(triage, { issue: entry.issue_id, others: entry.others, action: 'undone', detail });
    await triage.tx.query(`update ${triage.quoted}.issue_history set undone_by = $1 where id = $2`, [id, entry.id]);
    await judgeAgain(triage, changed);
    return (await liveIssue(triage, entry.issue_id)).id;
  });
}

/** Returns the issues that have another state or other keys then. */
async function takeBack(triage: Triage, entry: Entry): Promise<number[]> {
  if (entry.action === 'merged') return undoMerge(triage, entry, entry.detail as unknown as MergeDetail);
  if (entry.action === 'split') return undoSplit(triage, entry, entry.detail as unknown as SplitDetail);
  return undoDecision(triage, entry);
}

async function findEntry(triage: Triage, { issue, history }: Undo): Promise<Entry> {
  const { tx, quoted } = triage;
  if (history !== undefined) {
    if (!Number.isSafeInteger(history)) throw new RowtraceError('RT_NOT_FOUND', [`history entry ${history}`]);
    const [entry] = await tx.query<Entry>(`select ${COLUMNS} from ${quoted}.issue_history where id = $1`, [history]);
    if (!entry) throw new RowtraceError('RT_NOT_FOUND', [`history entry ${history}`]);
    if (entry.undone_by !== null) throw refusal(`entry ${history} was undone already`);
    if (!UNDOABLE.includes(entry.action))
      throw refusal(`entry ${history} ("${entry.action}") is no action of a person`);
    return entry;
  }
  if (issue === undefined) throw refusal('neither an issue nor a history entry was named');
  const { id, friendly_id } = await liveIssue(triage, issue);
  const [entry] = await tx.query<Entry>(
    `select ${COLUMNS} from ${quoted}.issue_history
     where (issue_id = $1 or $1 = any (others)) and undone_by is null
       and action in (${listOf(UNDOABLE)})
     order by id desc limit 1`,
    [id],
  );
  if (!entry) throw refusal(`there is no action on ${friendly_id}`);
  return entry;
}

async function undoDecision(triage: Triage, entry: Entry): Promise<number[]> {
  const [later] = await triage.tx.query<{ id: number }>(
    `select id from ${triage.quoted}.issue_history
     where issue_id = $1 and id > $2 and undone_by is null and action in (${listOf(DECISIONS)})
     order by id desc limit 1`,
    [entry.issue_id, entry.id],
  );
  if (later) throw refusal(`entry ${later.id} came after entry ${entry.id}`);
  await setState(triage, entry.issue_id, await stateBefore(triage, entry));
  return [entry.issue_id];
}

/** As the entry has it, unless keys that made it so have left since: then that of the decision before. */
async function stateBefore(triage: Triage, { id, issue_id, detail }: Entry): Promise<object> {
  const [left] = await triage.tx.query(
    `select from ${triage.quoted}.issue_history
     where issue_id = $1 and (action = 'split' and id > $2 and undone_by is null or action = 'merged' and undone_by > $2) limit 1`,
    [issue_id, id],
  );
  const decision = left && (await lastDecision(triage, issue_id, id));
  return decision ? stateAfter(decision) : (detail.before as object);
}

export function refusal(reason: string): RowtraceError {
  return new RowtraceError('RT_UNDO_INVALID', [reason]);
}
