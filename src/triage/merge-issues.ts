// Several issues are one bug: the keys of all go to one of them, and with the keys their counts. The ids of the others
// lead there from now on.

import { RowtraceError } from '../errors.ts';
import type { Issue } from '../query/issues.ts';
import type { Db } from '../store/db.ts';
import { type Actor, type IssueRef, inTriage, judgeAgain, liveIssue, numbers, readState, record } from './action.ts';

export interface Merge extends Actor {
  into: IssueRef;
  from: readonly IssueRef[];
}

/** Detail of the history entry: what undo moves back. */
export interface MergeDetail {
  /** State of the issue that was kept. Absent in entries of versions that did not write it. */
  before?: object;
  from: { issue: number; friendly_id: string; title: string; keys: number[] }[];
}

/** @throws RowtraceError RT_NOT_FOUND, RT_MERGE_INVALID */
export function mergeIssues(db: Db, schema: string, merge: Merge): Promise<Issue> {
  return inTriage(db, schema, merge, async (triage) => {
    const { tx, quoted } = triage;
    const into = await liveIssue(triage, merge.into);
    const from = new Map<number, Issue>();
    for (const ref of merge.from) {
      const issue = await liveIssue(triage, ref);
      if (issue.id === into.id) fail(`${ref} is ${into.friendly_id} already`);
      if (issue.service !== into.service)
        fail(`${issue.friendly_id} is of service ${issue.service}, ${into.friendly_id} of ${into.service}`);
      from.set(issue.id, issue);
    }
    if (from.size === 0) fail(`nothing was named to merge into ${into.friendly_id}`);
    const ids = [...from.keys()];
    // Locked in the order of all: a writer whose new key is joining one of them is waited for.
    await tx.query(`select from ${quoted}.issues where id = $1 or id in (${numbers(2)}) order by id for update`, [
      into.id,
      JSON.stringify(ids),
    ]);
    const keys = await tx.query<{ id: number; issue_id: number }>(
      `select id, issue_id from ${quoted}.issue_keys where issue_id in (${numbers(1)}) order by id`,
      [JSON.stringify(ids)],
    );
    await tx.query(`update ${quoted}.issue_keys set issue_id = $1 where issue_id in (${numbers(2)})`, [
      into.id,
      JSON.stringify(ids),
    ]);
    await tx.query(`update ${quoted}.issues set merged_into = $1 where id in (${numbers(2)})`, [
      into.id,
      JSON.stringify(ids),
    ]);
    const detail: MergeDetail = {
      before: await readState(triage, into.id),
      from: [...from.values()].map(({ id, friendly_id, title }) => ({
        issue: id,
        friendly_id,
        title,
        keys: keys.filter((key) => key.issue_id === id).map((key) => key.id),
      })),
    };
    await record(triage, { issue: into.id, others: ids, action: 'merged', detail });
    await judgeAgain(triage, [into.id]);
    return into.id;
  });
}

function fail(reason: string): never {
  throw new RowtraceError('RT_MERGE_INVALID', [reason]);
}
