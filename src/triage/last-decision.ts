// What a person decided last about an issue, as the state it had right then: from there it is judged anew where counts that
// made it what it is now are those of another issue.

import { DECISIONS, listOf } from '../query/issue-history.ts';
import { type IssueState, setState, type Triage } from './action.ts';

interface Decision {
  id: number;
  at: string;
  action: (typeof DECISIONS)[number];
  detail: {
    how?: string;
    release?: string;
    until?: string;
    count?: number;
    period_ms?: number;
  };
}

/** @param before only those that were made before this entry of the history */
export async function lastDecision({ tx, quoted }: Triage, issue: number, before?: number) {
  const [decision] = await tx.query<Decision>(
    `select id, to_jsonb(at)#>>'{}' as at, action, detail from ${quoted}.issue_history
     where issue_id = $1 and undone_by is null and action in (${listOf(DECISIONS)})
       and ($2::bigint is null or id < $2::bigint)
     order by id desc limit 1`,
    [issue, before ?? null],
  );
  return decision;
}

export function stateAfter({ action, at, detail }: Decision): IssueState {
  if (action === 'reopened') return { status: 'open', status_changed_at: at };
  const { how = null, release = null, until = null, count = null, period_ms = null } = detail;
  if (action === 'resolved')
    return { status: 'resolved', status_changed_at: at, resolved_how: how, resolved_release: release };
  const conditions = { ignored_until: until, ignored_count: count, ignored_period_ms: period_ms };
  return { status: 'ignored', status_changed_at: at, ...conditions };
}

/**
 * For an issue that is losing keys: back to what was decided last, where they were seen since. Where they were not, what it
 * became it became by its own, and rows that told so may be gone.
 */
export async function forgetKeys(triage: Triage, issue: number, keys: readonly number[]): Promise<void> {
  const { tx, quoted } = triage;
  const decision = await lastDecision(triage, issue);
  if (decision === undefined) return;
  const [seen] = await tx.query(
    `select from jsonb_array_elements_text($1::jsonb) as k (id)
     where exists (select from ${quoted}.issue_key_counts c where c.key_id = k.id::bigint and c.last_seen > $2::timestamptz)
       or exists (select from ${quoted}.issue_deltas d where d.key_id = k.id::bigint and d.last_seen > $2::timestamptz)
     limit 1`,
    [JSON.stringify(keys), decision.at],
  );
  if (seen) await setState(triage, issue, stateAfter(decision));
}
