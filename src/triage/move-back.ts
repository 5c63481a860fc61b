// Keys back to where a merge or a split took them from. Only from where it put them: what was moved on since then has to
// be undone first.

import { RowtraceError } from '../errors.ts';
import { DECISIONS, listOf } from '../query/issue-history.ts';
import { numbers, setState, type Triage } from './action.ts';
import { forgetKeys } from './last-decision.ts';
import type { MergeDetail } from './merge-issues.ts';
import type { SplitDetail } from './split-issue.ts';

interface MovedBy {
  id: number;
  issue_id: number;
}

/** Returns the issues that have other keys then. */
export async function undoMerge(triage: Triage, entry: MovedBy, { from }: MergeDetail): Promise<number[]> {
  const { tx, quoted } = triage;
  const issues = [entry.issue_id, ...from.map(({ issue }) => issue)];
  await lock(triage, issues);
  for (const { issue, keys } of from) {
    const merged = await tx.query(
      `update ${quoted}.issues set merged_into = null where id = $1 and merged_into = $2 returning id`,
      [issue, entry.issue_id],
    );
    const moved = await moveKeys(triage, keys, entry.issue_id, issue);
    if (merged.length !== 1 || moved !== keys.length) throw movedOn(entry);
  }
  await restoreState(
    triage,
    entry,
    from.flatMap(({ keys }) => keys),
  );
  return issues;
}

/**
 * What the issue that was kept became by keys of others is taken back, what a person decided since is not: that holds from
 * when it was decided, for the keys that are left. The state before this merge may come from an earlier one that was undone
 * meanwhile: then that from before the earlier one is taken.
 */
async function restoreState(triage: Triage, entry: MovedBy, keys: readonly number[]): Promise<void> {
  const { tx, quoted } = triage;
  const [found] = await tx.query<{ before: object }>(
    `select m.detail->'before' as before from ${quoted}.issue_history m
     where m.issue_id = $1 and m.action = 'merged' and m.detail->'before' is not null
       and (m.id = $2 or m.id < $2 and m.undone_by > $2)
       and not exists (
         select from ${quoted}.issue_history d
         where d.issue_id = $1 and d.action in (${listOf(DECISIONS)})
           and (d.id > m.id and d.undone_by is null or d.id < m.id and d.undone_by > m.id)
       )
       and not exists (
         select from ${quoted}.issue_history s
         where s.issue_id = $1 and s.action = 'split' and s.id > m.id and s.undone_by is null
       )
     order by m.id limit 1`,
    [entry.issue_id, entry.id],
  );
  if (found) await setState(triage, entry.issue_id, found.before);
  else await forgetKeys(triage, entry.issue_id, keys);
}

/** Returns the issue that has other keys then. */
export async function undoSplit(triage: Triage, entry: MovedBy, { to, keys }: SplitDetail): Promise<number[]> {
  const { tx, quoted } = triage;
  await lock(triage, [entry.issue_id, to.issue]);
  // Keys that joined the new issue since then go back with those that made it.
  const now = await tx.query<{ id: number }>(`select id from ${quoted}.issue_keys where issue_id = $1`, [to.issue]);
  const there = new Set(now.map(({ id }) => id));
  const [later] = await tx.query(
    `select from ${quoted}.issue_history
     where id > $1 and undone_by is null and action in ('merged', 'split') and (issue_id = $2 or $2 = any (others))`,
    [entry.id, to.issue],
  );
  const [target] = await tx.query(`select from ${quoted}.issues where id = $1 and merged_into is null`, [
    entry.issue_id,
  ]);
  if (later || !target || keys.some((id) => !there.has(id))) throw movedOn(entry);
  await moveKeys(triage, [...there], to.issue, entry.issue_id);
  await tx.query(`update ${quoted}.issues set merged_into = $1 where id = $2`, [entry.issue_id, to.issue]);
  return [entry.issue_id];
}

/** Writers whose new keys are joining one of them are waited for. */
async function lock({ tx, quoted }: Triage, issues: number[]): Promise<void> {
  await tx.query(`select from ${quoted}.issues where id in (${numbers(1)}) order by id for update`, [
    JSON.stringify(issues),
  ]);
}

async function moveKeys({ tx, quoted }: Triage, keys: number[], from: number, to: number): Promise<number> {
  const moved = await tx.query(
    `update ${quoted}.issue_keys set issue_id = $1
     where issue_id = $2 and id in (${numbers(3)}) returning id`,
    [to, from, JSON.stringify(keys)],
  );
  return moved.length;
}

function movedOn({ id }: MovedBy): RowtraceError {
  return new RowtraceError('RT_UNDO_INVALID', [`issues or keys of entry ${id} were merged or split again since then`]);
}
