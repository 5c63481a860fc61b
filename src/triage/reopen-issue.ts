// Neither resolved nor ignored any more.

import { RowtraceError } from '../errors.ts';
import type { Issue } from '../query/issues.ts';
import type { Db } from '../store/db.ts';
import { type Actor, changeState, type IssueRef, inTriage, liveIssue } from './action.ts';

/** @throws RowtraceError RT_NOT_FOUND, RT_REOPEN_INVALID for an issue that is open */
export function reopenIssue(db: Db, schema: string, given: Actor & { issue: IssueRef }): Promise<Issue> {
  return inTriage(db, schema, given, async (triage) => {
    const { id, friendly_id, status } = await liveIssue(triage, given.issue);
    if (status === 'open') throw new RowtraceError('RT_REOPEN_INVALID', [friendly_id]);
    await changeState(triage, id, 'reopened', { status: 'open', status_changed_at: triage.at }, { from: status });
    return id;
  });
}
