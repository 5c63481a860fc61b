// One issue is two bugs: some of its keys, with their counts, become an issue of their own.

import { RowtraceError } from '../errors.ts';
import type { Issue } from '../query/issues.ts';
import type { Db } from '../store/db.ts';
import { type Actor, type IssueRef, inTriage, judgeAgain, liveIssue, numbers, record, type Triage } from './action.ts';
import { forgetKeys } from './last-decision.ts';

export interface Split extends Actor {
  issue: IssueRef;
  /** Fingerprints, or beginnings of them (six characters or more) that are clear within the issue. */
  keys: readonly string[];
}

/** Detail of the history entry: what undo moves back. */
export interface SplitDetail {
  to: { issue: number; friendly_id: string; title: string };
  keys: number[];
}

interface Key {
  id: number;
  fingerprint: string;
}

/**
 * Returns the new issue. It is open, whatever the other one is; that one is judged by what is left to it.
 *
 * @throws RowtraceError RT_NOT_FOUND, RT_SPLIT_INVALID
 */
export function splitIssue(db: Db, schema: string, split: Split): Promise<Issue> {
  return inTriage(db, schema, split, async (triage) => {
    const { tx, quoted } = triage;
    const issue = await liveIssue(triage, split.issue);
    await tx.query(`select from ${quoted}.issues where id = $1 for update`, [issue.id]);
    const keys = await tx.query<Key>(
      `select id, fingerprint from ${quoted}.issue_keys where issue_id = $1 order by id`,
      [issue.id],
    );
    const ids = chooseKeys(issue, keys, split.keys);
    const made = await makeIssue(triage, issue.service, ids);
    await tx.query(`update ${quoted}.issue_keys set issue_id = $1 where id in (${numbers(2)})`, [
      made.issue,
      JSON.stringify(ids),
    ]);
    const detail: SplitDetail = { to: made, keys: ids };
    await record(triage, { issue: issue.id, others: [made.issue], action: 'split', detail });
    await forgetKeys(triage, issue.id, ids);
    await judgeAgain(triage, [issue.id]);
    return made.issue;
  });
}

function chooseKeys(issue: Issue, keys: readonly Key[], wanted: readonly string[]): number[] {
  const fail = (reason: string): never => {
    throw new RowtraceError('RT_SPLIT_INVALID', [issue.friendly_id, reason]);
  };
  const chosen = new Set<number>();
  for (const text of wanted) {
    const exact = keys.filter(({ fingerprint }) => fingerprint === text);
    const found = exact.length > 0 ? exact : keys.filter((key) => text.length >= 6 && key.fingerprint.startsWith(text));
    if (found.length === 0) fail(`it has no key ${text}`);
    if (new Set(found.map(({ fingerprint }) => fingerprint)).size > 1) fail(`several of its keys begin with ${text}`);
    for (const { id } of found) chosen.add(id);
  }
  if (chosen.size === 0) fail('no key was named');
  if (chosen.size === keys.length) fail('no key would be left');
  return [...chosen];
}

/** Named for the most frequent of its keys. */
async function makeIssue({ tx, quoted }: Triage, service: string, keys: number[]): Promise<SplitDetail['to']> {
  const [made] = await tx.query<SplitDetail['to']>(
    `with made as (
       insert into ${quoted}.issues (number, type, title, culprit, service)
       select ${quoted}.take_issue_numbers($1, 1), k.type, coalesce(k.title, ''), k.culprit, $1
       from ${quoted}.issue_keys k left join ${quoted}.issue_key_counts c on c.key_id = k.id
       where k.id in (${numbers(2)})
       order by c.count desc nulls last, k.version desc, k.id
       limit 1
       returning id, number, title
     )
     select m.id as issue, s.key || '-' || m.number as friendly_id, m.title
     from made m join ${quoted}.services s on s.service = $1`,
    [service, JSON.stringify(keys)],
  );
  return made!;
}
