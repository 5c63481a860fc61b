// The bug is fixed: now, in a release, or in the next one. An occurrence that shows otherwise reopens the issue as
// regressed; which one does is decided in the database (function regresses).

import { RowtraceError } from '../errors.ts';
import type { Db } from '../store/db.ts';
import { type Acted, type Actor, changeState, type IssueRef, inTriage, liveIssue, type Triage } from './action.ts';

export interface Resolution extends Actor {
  issue: IssueRef;
  /**
   * now: any later occurrence is a regression, except one of a release older than the newest. release: one of a newer
   * release is. next-release: one of a release that is first seen after now is.
   */
  how: 'now' | 'release' | 'next-release';
  /** For how "release". Default: the newest release of the service. */
  release?: string;
}

/** @throws RowtraceError RT_NOT_FOUND, RT_RESOLVE_INVALID */
export function resolveIssue(db: Db, schema: string, resolution: Resolution): Promise<Acted> {
  return inTriage(db, schema, resolution, async (triage) => {
    const { id, service } = await liveIssue(triage, resolution.issue);
    const { how } = resolution;
    const release = await releaseOf(triage, service, resolution);
    await changeState(
      triage,
      id,
      'resolved',
      { status: 'resolved', status_changed_at: triage.at, resolved_how: how, resolved_release: release },
      { how, ...(release === null ? {} : { release }) },
    );
    return id;
  });
}

async function releaseOf({ tx, quoted }: Triage, service: string, { how, release }: Resolution) {
  if (!['now', 'release', 'next-release'].includes(how))
    throw new RowtraceError('RT_RESOLVE_INVALID', [`there is no way "${how}"`]);
  if (release !== undefined && how !== 'release')
    throw new RowtraceError('RT_RESOLVE_INVALID', [`release ${release} was given, but how is "${how}"`]);
  const [found] = await tx.query<{ newest: string | null; known: boolean; version: boolean }>(
    `select (select release from ${quoted}.release_list where service = $1 order by position desc limit 1) as newest,
       exists (select from ${quoted}.releases where service = $1 and release = $2) as known,
       ${quoted}.semver_key($2) is not null as version`,
    [service, release ?? null],
  );
  const { newest, known, version } = found!;
  if (how === 'release' && release === undefined && newest === null)
    throw new RowtraceError('RT_RESOLVE_INVALID', [`no release of ${service} was seen yet`]);
  // A version that is still to come has its place in the order; any other name has not, and may as well be misspelt.
  if (release !== undefined && !known && !version)
    throw new RowtraceError('RT_RESOLVE_INVALID', [`no release ${release} of ${service} was seen yet`]);
  return release ?? newest;
}
