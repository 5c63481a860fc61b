// Everything `rowtrace issue` tells, as one report. What the queries and git gave in, blocks out.

import type { IssueDetail } from '../../query/issue.ts';
import type { OccurrenceSource } from '../../query/occurrence-source.ts';
import { type Block, type Fact, type Report, tableBlock } from '../output/blocks.ts';
import { logColumns, marks } from '../output/columns.ts';
import { ago, count, levelStyle, shortTime, sparkline } from '../output/format.ts';
import type { Suspects } from '../suspects/suspect-commits.ts';
import { historyColumns, statusText } from './life.ts';
import { stackBlocks } from './stack.ts';
import { crumbColumns, keyColumns, releaseColumns, routeColumns, suspectColumns, tagColumns } from './tables.ts';

const HOUR_MILLIS = 3_600_000;
const HOURS_SHOWN = 24;

export interface IssueFindings {
  detail: IssueDetail;
  /** Of the newest occurrence, if there is one. */
  source?: OccurrenceSource;
  /** Why the newest occurrence has its key. */
  why: readonly string[];
  suspects: Suspects;
}

export function issueReport({ detail, source, why, suspects }: IssueFindings): Report {
  const { issue, keys, occurrences } = detail;
  const newest = occurrences[0];
  const crumbs = source?.breadcrumbs ?? [];
  const suspectsBlock: Block =
    suspects.commits.length > 0
      ? tableBlock('Suspect commits', suspects.commits, suspectColumns())
      : { kind: 'list', title: 'Suspect commits', items: [`none: ${suspects.why}`] };
  return {
    title: `Issue ${issue.friendly_id}`,
    label: { text: issue.level, style: levelStyle(issue.level) },
    headline: issue.type && !issue.title.startsWith(issue.type) ? `${issue.type}: ${issue.title}` : issue.title,
    blocks: [
      { kind: 'facts', facts: facts(detail) },
      ...(newest && source ? stackBlocks(newest, source) : []),
      { kind: 'list', title: 'Why grouped', items: why },
      tableBlock('What led to it', crumbs, crumbColumns()),
      tableBlock('Releases', detail.releases, releaseColumns(detail)),
      suspectsBlock,
      tableBlock('Routes', detail.routes, routeColumns(issue.count)),
      tableBlock('Tags of the latest occurrences', detail.tags, tagColumns()),
      tableBlock('Keys', keys.length > 1 ? keys : [], keyColumns()),
      tableBlock('History', detail.history, historyColumns()),
      tableBlock('Latest occurrences', occurrences, logColumns()),
    ],
  };
}

function facts({ issue, keys, hours, counted, occurrences, ...releases }: IssueDetail): Fact[] {
  const { last_good_release: good, first_bad_release: bad } = releases;
  const people = [
    issue.users > 0 && `${count(issue.users)} users`,
    issue.sessions > 0 && `${count(issue.sessions)} sessions`,
  ].filter(Boolean);
  return [
    ['status', statusText(issue)],
    ['marks', marks(issue)],
    ['service', issue.service],
    ['culprit', issue.culprit],
    ['count', `${count(issue.count)}${counted > 0 ? ` (${count(counted)} of them as counts only)` : ''}`],
    ['met by', people.join(', ')],
    ['first seen', `${shortTime(issue.first_seen)} (${ago(issue.first_seen)})${inRelease(issue.first_release)}`],
    ['last seen', `${shortTime(issue.last_seen)} (${ago(issue.last_seen)})${inRelease(issue.last_release)}`],
    ['per hour', `${hourly(hours)}  last ${HOURS_SHOWN} h`],
    ['first bad', bad && buildText(bad)],
    ['last good', good && buildText(good)],
    ['fingerprint', keys.length === 1 ? `${keys[0]!.fingerprint} (v${keys[0]!.version})` : `${keys.length} keys`],
    ['number', String(issue.id)],
    ['newest event', occurrences[0]?.event_id],
  ];
}

/** The last 24 hours, missing ones as zero. */
export function hourly(hours: readonly { hour: Date; count: number }[], now = Date.now()): string {
  const last = Math.floor(now / HOUR_MILLIS);
  const counts: number[] = Array(HOURS_SHOWN).fill(0);
  for (const { hour, count } of hours) {
    const at = HOURS_SHOWN - 1 - (last - Math.floor(hour.getTime() / HOUR_MILLIS));
    if (at >= 0 && at < HOURS_SHOWN) counts[at]! += count;
  }
  return sparkline(counts);
}

function buildText({ release, build_sha: sha }: { release: string; build_sha: string | null }): string {
  return sha ? `${release} (${sha.slice(0, 12)})` : release;
}

function inRelease(release: string | null): string {
  return release ? ` in ${release}` : '';
}
