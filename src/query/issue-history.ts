// Who did what to an issue, and when?

import type { Queryable } from '../store/db.ts';

export type HistoryAction =
  | 'resolved'
  | 'ignored'
  | 'reopened'
  | 'merged'
  | 'split'
  | 'undone'
  | 'regressed'
  | 'ignore-ended';

/** Actions of a person that set the status. */
export const DECISIONS = ['resolved', 'ignored', 'reopened'] as const satisfies readonly HistoryAction[];

/** All that can be undone. */
export const UNDOABLE: readonly HistoryAction[] = [...DECISIONS, 'merged', 'split'];

/** For `action in (…)`. */
export function listOf(actions: readonly HistoryAction[]): string {
  return actions.map((action) => `'${action}'`).join(', ');
}

export interface HistoryEntry {
  /** For undo. */
  id: number;
  /** For what happens by itself: when the occurrence was captured or the time was reached. */
  at: Date;
  /** A person, or "rowtrace" for what happens by itself. */
  actor: string;
  action: HistoryAction;
  detail: Record<string, unknown>;
  /** The entry that undid it. */
  undone_by: number | null;
}

/**
 * Newest first. What is not there yet because it was not folded yet (a regression a moment ago) has id 0.
 *
 * @param quoted schema
 */
export function readHistory(db: Queryable, quoted: string, id: number): Promise<HistoryEntry[]> {
  return db.query<HistoryEntry>(
    `select id, at, actor, action, detail - 'before' as detail, undone_by from (
       select 0 as id, at, 'rowtrace' as actor, action, jsonb_strip_nulls(detail) as detail, null::bigint as undone_by
       from ${quoted}.issue_transitions where issue_id = $1
       union all
       select id, at, actor, action, detail, undone_by from ${quoted}.issue_history
       where issue_id = $1 or $1 = any (others)
     ) h order by id = 0 desc, id desc`,
    [id],
  );
}
