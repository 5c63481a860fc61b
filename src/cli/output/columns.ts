// What the tables of issues, rows and latencies show, in one place, since several commands show them.

import type { Issue } from '../../query/issues.ts';
import type { OperationLatency, ReleaseLatency } from '../../query/latency.ts';
import type { LogEntry } from '../../query/recent-logs.ts';
import { ago, count, latency, levelStyle, shortTime, sparkline } from './format.ts';
import type { Column } from './table.ts';

export function issueColumns(): Column<Issue>[] {
  return [
    { title: 'ID', value: ({ friendly_id }) => friendly_id },
    { title: 'LEVEL', value: ({ level }) => level, style: ({ level }) => levelStyle(level), drop: 1 },
    { title: 'MARKS', value: marks, style: ({ flags }) => (flags.length > 0 ? 'yellow' : undefined), min: 3, drop: 5 },
    { title: 'COUNT', value: (issue) => count(issue.count), align: 'right', drop: 2 },
    { title: 'LAST SEEN', value: ({ last_seen }) => ago(last_seen), drop: 4 },
    { title: 'FIRST SEEN', value: ({ first_seen }) => ago(first_seen), drop: 8 },
    { title: 'STATUS', value: ({ status }) => (/^(open|regressed)$/.test(status) ? '' : status), drop: 6 },
    { title: 'SERVICE', value: ({ service }) => service, min: 8, drop: 7 },
    { title: 'TYPE', value: ({ type }) => type, min: 10, drop: 3 },
    { title: 'TITLE', value: (issue) => withoutType(issue.title, issue.type), min: 16 },
    { title: 'CULPRIT', value: ({ culprit }) => culprit, min: 12, drop: 9 },
  ];
}

export function logColumns(): Column<LogEntry>[] {
  return [
    { title: 'TIME', value: ({ created_at }) => shortTime(created_at) },
    { title: 'LEVEL', value: ({ level }) => level, style: ({ level }) => levelStyle(level), drop: 1 },
    { title: 'TYPE', value: ({ error_type }) => error_type, min: 8, drop: 2 },
    { title: 'MESSAGE', value: wording, min: 20 },
    {
      title: 'ROUTE',
      value: ({ http_method, route }) => [http_method, route].filter(Boolean).join(' '),
      min: 10,
      drop: 3,
    },
    { title: 'STATUS', value: ({ http_status }) => http_status, align: 'right', drop: 4 },
    { title: 'LATENCY', value: ({ latency_ms }) => latency(latency_ms), align: 'right', drop: 5 },
    { title: 'REQUEST', value: ({ request_id }) => request_id, min: 8, drop: 6 },
  ];
}

export function latencyColumns(): Column<OperationLatency>[] {
  return [
    { title: 'KIND', value: ({ kind }) => kind, drop: 6 },
    { title: 'OPERATION', value: (row) => [row.http_method, row.operation].filter(Boolean).join(' '), min: 16 },
    { title: 'PEER', value: ({ peer }) => peer, min: 8, drop: 9 },
    { title: 'SERVICE', value: ({ service }) => service, min: 8, drop: 8 },
    { title: 'COUNT', value: (row) => count(row.count), align: 'right' },
    { title: 'ERRORS', value: (row) => (row.error_share > 0 ? share(row.error_share) : ''), align: 'right', drop: 3 },
    { title: 'MEAN', value: (row) => latency(row.mean_ms), align: 'right', drop: 7 },
    { title: 'P50', value: (row) => latency(row.p50_ms), align: 'right', drop: 1 },
    { title: 'P95', value: (row) => latency(row.p95_ms), align: 'right' },
    { title: 'P99', value: (row) => latency(row.p99_ms), align: 'right', drop: 2 },
    { title: 'CHANGE', value: ({ p95_change }) => change(p95_change), align: 'right', drop: 5 },
    { title: 'MAX', value: (row) => latency(row.max_ms), align: 'right', drop: 4 },
  ];
}

/** Of the 95th percentile over the span that was asked for. */
export const TREND: Column<OperationLatency> = {
  title: 'P95 TREND',
  value: ({ p95_trend }) => sparkline(p95_trend),
  drop: 10,
};

export function releaseColumns(): Column<ReleaseLatency>[] {
  return [
    { title: 'KIND', value: ({ kind }) => kind, drop: 5 },
    { title: 'OPERATION', value: (row) => [row.http_method, row.operation].filter(Boolean).join(' '), min: 16 },
    { title: 'PEER', value: ({ peer }) => peer, min: 8, drop: 8 },
    { title: 'SERVICE', value: ({ service }) => service, min: 8, drop: 7 },
    { title: 'RELEASE', value: ({ release_version }) => release_version ?? '(none)', min: 8 },
    { title: 'SINCE', value: ({ first_seen }) => shortTime(first_seen), drop: 6 },
    { title: 'COUNT', value: (row) => count(row.count), align: 'right' },
    { title: 'ERRORS', value: (row) => (row.error_share > 0 ? share(row.error_share) : ''), align: 'right', drop: 2 },
    { title: 'P50', value: (row) => latency(row.p50_ms), align: 'right', drop: 1 },
    { title: 'P95', value: (row) => latency(row.p95_ms), align: 'right' },
    { title: 'P99', value: (row) => latency(row.p99_ms), align: 'right', drop: 4 },
    { title: 'CHANGE', value: ({ p95_change }) => change(p95_change), align: 'right', drop: 3 },
  ];
}

/** new, regressed, escalating. */
export function marks({ flags }: Issue): string {
  return flags.join(' · ');
}

/** What the logger said, and what the error said where that is something else. */
export function wording({ message, error_message, error_type }: LogEntry): string {
  const said = withoutType(message, error_type);
  return error_message && !message.includes(error_message) ? `${said}: ${error_message}` : said;
}

/** "TypeError: x is null" beside a column that says TypeError. */
function withoutType(text: string, type: string | null): string {
  return type && text.startsWith(`${type}: `) ? text.slice(type.length + 2) : text;
}

/** Of the 95th percentile; what is within a tenth is noise. */
function change(value: number | null): string {
  if (value === null || Math.abs(value) < 0.1) return '';
  return `${value > 0 ? '+' : '−'}${Math.round(Math.abs(value) * 100)} %`;
}

function share(value: number): string {
  const percent = value * 100;
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}
