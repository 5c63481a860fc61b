// Why `rowtrace issues` lists none, in one sentence with the next step: a time that is too short, a name that there is not, or
// nothing recorded yet. The filter that found nothing in, words out.

import { type IssueFilter, listIssues } from '../../query/issues.ts';
import { knownReleases } from '../../query/releases.ts';
import { servicesWithIssues } from '../../query/services.ts';
import type { Queryable } from '../../store/db.ts';
import { ago } from '../output/format.ts';

const DAY_MILLIS = 86_400_000;

export async function whyNoIssues(db: Queryable, schema: string, filter: IssueFilter): Promise<string> {
  const { service, release, firstRelease, text, status, level } = filter;
  const [last] = await listIssues(db, schema, { ...filter, since: undefined, sort: 'last_seen', limit: 1 });
  if (last) {
    const days = Math.ceil((Date.now() - last.last_seen.getTime()) / DAY_MILLIS);
    return `no issues in that time; the last was seen ${ago(last.last_seen)}, look further back with --since ${days}d`;
  }
  const services = await servicesWithIssues(db, schema);
  if (services.length === 0)
    return 'no issues yet; `rowtrace raise-error` tries the whole way, `rowtrace doctor` says what is missing';
  if (service !== undefined && !services.includes(service))
    return `no issues of a service ${service}; there are some of: ${services.join(', ')}`;
  const wanted = release ?? firstRelease;
  const releases = wanted === undefined ? [] : await knownReleases(db, schema, { wanted, service });
  if (wanted !== releases[0])
    return `no release ${wanted} was seen${releases.length > 0 ? `; the newest are: ${releases.join(', ')}` : ', nor any other'}`;
  const given = Object.entries({ service, release, 'new-in': firstRelease, search: text, status, level })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `--${name} ${value}`);
  return `no issues with ${given.join(' and ')}, at any time`;
}
