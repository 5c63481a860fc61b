// What did somebody do last that can be undone? For `undo` without an issue.

import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';
import { type HistoryAction, listOf, UNDOABLE } from './issue-history.ts';

export interface LastAction {
  id: number;
  issue_id: number;
  action: HistoryAction;
  at: Date;
}

export async function lastAction(db: Queryable, schema: string, actor: string): Promise<LastAction | undefined> {
  const [entry] = await db.query<LastAction>(
    `select id, issue_id, action, at from ${quoteName(schema)}.issue_history
     where actor = $1 and undone_by is null and action in (${listOf(UNDOABLE)})
     order by id desc limit 1`,
    [actor],
  );
  return entry;
}
