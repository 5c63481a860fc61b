// In which releases did a bug occur? With the first bad one, and the last good one before it.

import type { Queryable } from '../store/db.ts';
import type { Issue } from './issues.ts';

export interface ReleaseCount {
  release: string;
  build_sha: string | null;
  count: number;
  /** Of the issue in this release. */
  first_seen: Date;
  last_seen: Date;
  /** Of the release itself, with this issue or without. */
  released: Date | null;
}

export interface IssueReleases {
  /** Newest release first, by semantic version where all releases of the service are, else by when they were first seen. */
  releases: ReleaseCount[];
  /** The release before the first bad one; null when that is the first we know of. */
  last_good_release: { release: string; build_sha: string | null; released: Date } | null;
  first_bad_release: { release: string; build_sha: string | null; released: Date } | null;
}

/** @param quoted schema */
export async function readReleases(db: Queryable, quoted: string, issue: Issue): Promise<IssueReleases> {
  const rows = await db.query<ReleaseCount & { position: number | null }>(
    `select c.release, r.build_sha, c.count, c.first_seen, c.last_seen, r.first_seen as released, r.position
     from (
       select release, sum(count)::bigint as count, min(first_seen) as first_seen, max(last_seen) as last_seen
       from ${quoted}.issue_release_counts where issue_id = $1 and release is not null group by release
     ) c
     left join ${quoted}.release_list r on r.service = $2 and r.release = c.release
     order by r.position desc nulls last, c.last_seen desc`,
    [issue.id, issue.service],
  );
  const first = Math.min(...rows.flatMap(({ position }) => position ?? []));
  const around = await db.query<{ release: string; build_sha: string | null; released: Date; position: number }>(
    `select release, build_sha, first_seen as released, position from ${quoted}.release_list
     where service = $1 and position in ($2::bigint, $2::bigint - 1)`,
    [issue.service, Number.isFinite(first) ? first : 0],
  );
  const at = (wanted: number) => {
    const found = around.find(({ position }) => position === wanted);
    if (!found) return null;
    const { position: _, ...release } = found;
    return release;
  };
  return {
    releases: rows.map(({ position: _, ...row }) => row),
    last_good_release: at(first - 1),
    first_bad_release: at(first),
  };
}
