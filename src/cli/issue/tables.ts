// Columns of the tables of `rowtrace issue`.

import type { IssueDetail, IssueKey } from '../../query/issue.ts';
import type { ReleaseCount } from '../../query/issue-releases.ts';
import type { TagShare } from '../../query/issue-tags.ts';
import type { CrumbFact } from '../../record/fact.ts';
import { ago, count, latency, shortTime } from '../output/format.ts';
import type { Column } from '../output/table.ts';
import type { SuspectCommit } from '../suspects/suspect-commits.ts';

export function releaseColumns({ first_bad_release: bad }: IssueDetail): Column<ReleaseCount>[] {
  return [
    { title: 'RELEASE', value: ({ release }) => release, min: 8 },
    { title: 'BUILD', value: ({ build_sha: sha }) => sha?.slice(0, 12), drop: 1 },
    { title: 'COUNT', value: (row) => count(row.count), align: 'right' },
    { title: 'FIRST SEEN', value: ({ first_seen }) => shortTime(first_seen) },
    { title: 'LAST SEEN', value: ({ last_seen }) => ago(last_seen) },
    { title: '', value: ({ release }) => (release === bad?.release ? 'first bad' : '') },
  ];
}

export function routeColumns(total: number): Column<{ route: string; count: number }>[] {
  return [
    { title: 'COUNT', value: (row) => count(row.count), align: 'right' },
    { title: 'SHARE', value: (row) => percent(row.count / Math.max(1, total)), align: 'right' },
    { title: 'ROUTE', value: ({ route }) => route, min: 12 },
  ];
}

export function tagColumns(): Column<TagShare>[] {
  return [
    { title: 'TAG', value: ({ name }) => name, min: 8 },
    {
      title: 'VALUES',
      value: ({ values }) => values.map(({ value, share }) => `${percent(share)} ${value}`).join(', '),
      min: 20,
    },
  ];
}

export function keyColumns(): Column<IssueKey>[] {
  return [
    // As much of it as `rowtrace split` needs.
    { title: 'KEY', value: ({ fingerprint, version }) => `${fingerprint.slice(0, 12)} (v${version})` },
    { title: 'COUNT', value: (row) => count(row.count), align: 'right' },
    { title: 'LAST SEEN', value: ({ last_seen }) => ago(last_seen), drop: 1 },
    { title: 'TYPE', value: ({ type }) => type, min: 8, drop: 2 },
    { title: 'TITLE', value: ({ title }) => title, min: 16 },
    { title: 'CULPRIT', value: ({ culprit }) => culprit, min: 12, drop: 3 },
  ];
}

export function crumbColumns(): Column<CrumbFact>[] {
  return [
    { title: 'TIME', value: ({ t }) => shortTime(t) },
    { title: 'TOOK', value: ({ ms }) => latency(ms), align: 'right' },
    { title: 'LEVEL', value: ({ level, failed }) => level ?? (failed ? 'failed' : '') },
    { title: 'WHAT', value: ({ what }) => what, min: 20 },
  ];
}

export function suspectColumns(): Column<SuspectCommit>[] {
  return [
    { title: 'COMMIT', value: ({ sha }) => sha.slice(0, 12) },
    { title: 'TIME', value: ({ date }) => shortTime(date) },
    { title: 'AUTHOR', value: ({ author }) => author, min: 8, drop: 1 },
    { title: 'SUBJECT', value: ({ subject }) => subject, min: 20 },
  ];
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
