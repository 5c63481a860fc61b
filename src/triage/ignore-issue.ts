// Not worth anybody's time: for ever, until a time, or until so many more occurrences (within a period). When a condition
// is met the issue is open again.

import { RowtraceError } from '../errors.ts';
import type { Db } from '../store/db.ts';
import { type Acted, type Actor, changeState, type IssueRef, inTriage, liveIssue } from './action.ts';

export interface IgnoreConditions extends Actor {
  issue: IssueRef;
  /** With both a time and a count, whichever comes first. */
  until?: Date;
  /** So many more occurrences, captured from now on. */
  count?: number;
  /** Within so many milliseconds. Default: counted without an end. */
  periodMillis?: number;
}

/** The most occurrences that may be waited for. */
export const MAX_IGNORE_COUNT = 1_000_000_000;
const MAX_PERIOD_MILLIS = 30 * 86_400_000;

/** @throws RowtraceError RT_NOT_FOUND, RT_IGNORE_INVALID */
export function ignoreIssue(db: Db, schema: string, conditions: IgnoreConditions): Promise<Acted> {
  const { until, count, periodMillis } = conditions;
  return inTriage(db, schema, conditions, async (triage) => {
    const { id } = await liveIssue(triage, conditions.issue);
    check(conditions, triage.at);
    const detail = { until: until?.toISOString(), count, period_ms: periodMillis };
    await changeState(
      triage,
      id,
      'ignored',
      {
        status: 'ignored',
        status_changed_at: triage.at,
        ignored_until: until?.toISOString() ?? null,
        ignored_count: count ?? null,
        ignored_period_ms: periodMillis ?? null,
      },
      detail,
    );
    return id;
  });
}

function check({ until, count, periodMillis }: IgnoreConditions, at: string): void {
  const fail = (reason: string): never => {
    throw new RowtraceError('RT_IGNORE_INVALID', [reason]);
  };
  const isWhole = (value: number, max: number) => Number.isInteger(value) && value >= 1 && value <= max;
  if (until !== undefined && Number.isNaN(until.getTime())) fail('the time is no time');
  if (until !== undefined && until <= new Date(at)) fail(`${until.toISOString()} is over`);
  if (count !== undefined && !isWhole(count, MAX_IGNORE_COUNT)) fail(`${count} is no count of occurrences`);
  if (periodMillis === undefined) return;
  if (!isWhole(periodMillis, MAX_PERIOD_MILLIS)) fail(`${periodMillis} ms is no period of 30 days at most`);
  if (count === undefined) fail('a period needs a count');
}
