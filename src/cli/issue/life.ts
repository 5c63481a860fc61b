// What became of an issue, in words: its status and its history. Columns in, text out.

import type { HistoryEntry } from '../../query/issue-history.ts';
import type { Issue } from '../../query/issues.ts';
import { count, shortTime } from '../output/format.ts';
import type { Column } from '../output/table.ts';

export function statusText(issue: Issue): string {
  const { status, resolved_how: how, resolved_release: release } = issue;
  if (status === 'resolved') {
    if (how === 'release') return `resolved in release ${release}`;
    if (how === 'next-release') return `resolved in the next release${release ? ` (after ${release})` : ''}`;
  }
  if (status === 'ignored') return ignoredText(issue.ignored_until, issue.ignored_count, issue.ignored_period_ms);
  return status;
}

function ignoredText(until: Date | string | null, times: number | null, periodMillis: number | null): string {
  const conditions = [
    until && `until ${shortTime(until)}`,
    times && `until ${count(times)} more${periodMillis ? ` within ${spanText(periodMillis)}` : ''}`,
  ].filter(Boolean);
  return `ignored ${conditions.length > 0 ? conditions.join(' or ') : 'for good'}`;
}

/** Milliseconds as "90m", "1h", "14d". */
function spanText(millis: number): string {
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
  ] as const)
    if (millis >= size && millis % size === 0) return `${millis / size}${unit}`;
  return `${millis / 1000}s`;
}

export function historyColumns(): Column<HistoryEntry>[] {
  return [
    // 0: about to be written.
    { title: 'ENTRY', value: ({ id }) => id || '', align: 'right' },
    { title: 'TIME', value: ({ at }) => shortTime(at) },
    { title: 'WHO', value: ({ actor }) => actor, min: 8 },
    { title: 'WHAT', value: historyText, min: 20 },
  ];
}

function historyText({ action, detail, undone_by }: HistoryEntry): string {
  const said = actionText(action, detail);
  return undone_by === null ? said : `${said} (undone by ${undone_by})`;
}

function actionText(action: HistoryEntry['action'], detail: Record<string, unknown>): string {
  const { how, release, until, count: times, period_ms: period } = detail;
  if (action === 'resolved') {
    if (how === 'release') return `resolved in release ${release}`;
    return how === 'next-release' ? 'resolved in the next release' : 'resolved';
  }
  if (action === 'ignored')
    return ignoredText((until as string) ?? null, (times as number) ?? null, (period as number) ?? null);
  if (action === 'regressed') return release ? `came back in release ${release}` : 'came back';
  if (action === 'ignore-ended') return 'is no longer ignored';
  if (action === 'merged') return `merged in ${friendlyIds(detail.from)}`;
  if (action === 'split') return `split off ${friendlyIds([detail.to])}`;
  return action === 'undone' ? `undid entry ${detail.history} (${detail.action})` : action;
}

function friendlyIds(issues: unknown): string {
  return (Array.isArray(issues) ? issues : []).map((issue) => issue?.friendly_id).join(', ');
}
