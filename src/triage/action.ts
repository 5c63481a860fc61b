// What every action here has in common: one transaction, one action at a time, from the status that holds now, written to
// the history with what undoing it needs.

import { RowtraceError } from '../errors.ts';
import { findIssue } from '../query/issue.ts';
import type { HistoryAction } from '../query/issue-history.ts';
import { type Issue, readIssue } from '../query/issues.ts';
import type { Db, Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';

/** Friendly id (API-12) or number; those of merged issues lead to where they went. */
export type IssueRef = string | number;

export interface Actor {
  /** Who does it, for the history. */
  actor: string;
  /** When it was decided: what was captured before does not count against it. Default: now. */
  at?: Date;
}

/** Status and its conditions: the columns of issues that a person's decision sets. */
export interface IssueState {
  status: 'open' | 'resolved' | 'ignored' | 'regressed';
  status_changed_at: string;
  resolved_how?: string | null;
  resolved_release?: string | null;
  ignored_until?: string | null;
  ignored_count?: number | null;
  ignored_period_ms?: number | null;
  ignored_seen?: number;
}

/** The issue as it is listed after an action. */
export interface Acted extends Issue {
  /** It was so before: nothing was changed or written to the history. */
  unchanged?: true;
}

export interface Triage {
  tx: Queryable;
  schema: string;
  /** Quoted schema name. */
  quoted: string;
  /** By the database's clock where none was given: it is the one all actors share. */
  at: string;
  actor: string;
  unchanged?: true;
}

/** Runs `work` and returns the issue whose id it gives, as it is listed then. */
export function inTriage(
  db: Db,
  schema: string,
  { actor, at }: Actor,
  work: (triage: Triage) => Promise<number>,
): Promise<Acted> {
  const quoted = quoteName(schema);
  return db.transaction(async (tx) => {
    await tx.query(`select ${quoted}.begin_triage()`);
    const [clock] = await tx.query<{ now: string }>('select to_jsonb(clock_timestamp()) as now');
    const triage: Triage = { tx, schema, quoted, at: at?.toISOString() ?? clock!.now, actor };
    const id = await work(triage);
    const issue = await readIssue(tx, schema, id);
    if (!issue) throw new RowtraceError('RT_NOT_FOUND', [`issue ${id}`]);
    return { ...issue, ...(triage.unchanged && { unchanged: true }) };
  });
}

/** @throws RowtraceError RT_NOT_FOUND */
export async function liveIssue({ tx, schema }: Triage, ref: IssueRef): Promise<Issue> {
  const id = await findIssue(tx, schema, ref);
  const issue = id === undefined ? undefined : await readIssue(tx, schema, id);
  if (!issue) throw new RowtraceError('RT_NOT_FOUND', [`issue ${ref}`]);
  return issue;
}

/**
 * Sets status and conditions, those that are not given to nothing; writes it down with the state before. What is so already
 * stays as it is: an entry of its own would be what undo takes back. Occurrences to come are counted anew each time.
 */
export async function changeState(
  triage: Triage,
  id: number,
  action: HistoryAction,
  state: IssueState,
  detail: Record<string, unknown> = {},
): Promise<void> {
  const { tx, quoted } = triage;
  const [row] = await tx.query<{ before: object; same: boolean }>(
    `select ${STATE_JSON} as before, i.ignored_count is null and exists (
       select from jsonb_populate_record(i, $2::jsonb) n where (${terms('n')}) is not distinct from (${terms('i')})
     ) as same
     from ${quoted}.issues i where id = $1`,
    [id, JSON.stringify({ ...NO_CONDITIONS, ...state })],
  );
  if (row!.same) {
    triage.unchanged = true;
    return;
  }
  await setState(triage, id, state);
  await record(triage, { issue: id, action, detail: { ...detail, before: row!.before } });
}

const STATE = [
  ...['status', 'status_changed_at', 'resolved_how', 'resolved_release', 'ignored_until', 'ignored_count'],
  ...['ignored_period_ms', 'ignored_seen'],
];
const terms = (table: string) =>
  STATE.filter((name) => name !== 'status_changed_at')
    .map((name) => `${table}.${name}`)
    .join(', ');
const STATE_JSON = `jsonb_build_object(${STATE.map((name) => `'${name}', i.${name}`).join(', ')})`;
const NO_CONDITIONS = { ...Object.fromEntries(STATE.map((name) => [name, null])), ignored_seen: 0 };

export async function setState({ tx, quoted }: Triage, id: number, state: object): Promise<void> {
  await tx.query(
    `update ${quoted}.issues i set (${STATE.join(', ')}) =
       (select ${STATE.map((name) => `n.${name}`).join(', ')} from jsonb_populate_record(i, $2::jsonb) n)
     where id = $1`,
    [id, JSON.stringify({ ...NO_CONDITIONS, ...state })],
  );
}

/** What setState() takes. */
export async function readState({ tx, quoted }: Triage, id: number): Promise<object> {
  const [row] = await tx.query<{ state: object }>(
    `select ${STATE_JSON} as state from ${quoted}.issues i where id = $1`,
    [id],
  );
  return row!.state;
}

/** For issues of which keys or decisions are others now: what came since the decision may be folded, and looked at no more. */
export async function judgeAgain({ tx, quoted }: Triage, issues: number[]): Promise<void> {
  await tx.query(`select ${quoted}.judge_again(array(${numbers(1)}))`, [JSON.stringify(issues)]);
}

/** The numbers of a JSON list as rows: the value at this place, with JSON.stringify(). */
export function numbers(place: number): string {
  return `select jsonb_array_elements_text($${place}::jsonb)::bigint`;
}

export async function record(
  { tx, quoted, at, actor }: Triage,
  entry: { issue: number; others?: number[]; action: HistoryAction; detail: object },
): Promise<number> {
  const [row] = await tx.query<{ id: number }>(
    `insert into ${quoted}.issue_history (issue_id, others, at, actor, action, detail)
     values ($1, (select coalesce(array_agg(o::bigint), '{}') from jsonb_array_elements_text($2::jsonb) o), $3, $4, $5, $6::jsonb)
     returning id`,
    [entry.issue, JSON.stringify(entry.others ?? []), at, actor, entry.action, JSON.stringify(entry.detail)],
  );
  return row!.id;
}
