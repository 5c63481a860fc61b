// Releases that were not seen before, or not as early. Asked about in every batch, written once a release: whoever writes
// waits for others that write the same one, so what is known is left alone. Sorted, so that nobody waits in a circle.

import type { Batch } from '../../../src/deliver/sink.ts';
import { type Columns, columnDefinitions, encodeRow, toJson } from '../encode.ts';
import type { Statement, Target } from './statement.ts';

const COLUMNS: Columns = { service: 'key', release: 'key', first_seen: 'timestamptz', build_sha: 'text' };

/** Without a row whose release is known: undefined. */
export function noteReleases(target: Target, batch: Batch): Statement | undefined {
  const releases = releasesOf(batch);
  if (releases.length === 0) return undefined;
  const text = `
    insert into ${target.schema}.releases as r (service, release, first_seen, build_sha)
    select service, release, first_seen, build_sha
    from json_to_recordset($1::json) as g (${columnDefinitions(COLUMNS)})
    where not exists (
      select from ${target.schema}.releases k
      where k.service = g.service and k.release = g.release and k.first_seen <= g.first_seen
        and (k.build_sha is not null or g.build_sha is null))
    order by service, release
    on conflict (service, release) do update set
      first_seen = least(r.first_seen, excluded.first_seen), build_sha = coalesce(r.build_sha, excluded.build_sha)`;
  return { text, values: [toJson(releases.map((release) => encodeRow(release, COLUMNS)))] };
}

interface Release {
  service: string;
  release: string;
  first_seen: number;
  build_sha?: string;
}

/** A release without an error is one, too: the last good one may be known by its latencies only. */
function releasesOf({ logs, counts, calls, histograms }: Batch): Release[] {
  const releases = new Map<string, Release>();
  const note = (service: string, release: string | undefined, seen: number, build_sha?: string) => {
    if (!release) return;
    // Neither holds a NUL.
    const key = `${service}\0${release}`;
    const known = releases.get(key);
    if (!known) releases.set(key, { service, release, first_seen: seen, build_sha });
    else {
      known.first_seen = Math.min(known.first_seen, seen);
      known.build_sha ??= build_sha;
    }
  };
  for (const row of logs) note(row.service, row.release_version, row.created_at, row.build_sha);
  for (const row of counts) note(row.service, row.release_version, row.created_at);
  for (const row of calls) note(row.service, row.release_version, row.created_at);
  for (const row of histograms) note(row.service, row.release_version, row.bucket_start);
  return [...releases.values()];
}
