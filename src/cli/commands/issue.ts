// `rowtrace issue <id>`: what is known about one bug?

import type { Command } from 'commander';
import { RowtraceError } from '../../errors.ts';
import { loadOptions } from '../../options/options.ts';
import { getIssue, type IssueDetail } from '../../query/issue.ts';
import { examples, limitOption, onDatabase, parseId } from '../arguments.ts';
import { withDatabase } from '../open-database.ts';
import { logColumns } from '../output/columns.ts';
import { escapeLine, escapeLines, safeJson } from '../output/escape.ts';
import { ago, count, levelStyle, shortTime, sparkline } from '../output/format.ts';
import { renderTable } from '../output/table.ts';
import { print, type Terminal, terminalOf } from '../output/terminal.ts';

const HOUR_MILLIS = 3_600_000;
const HOURS_SHOWN = 24;

export function register(program: Command): void {
  const command = program
    .command('issue')
    .description('show one issue: stack, causes, counts per hour, releases, latest occurrences')
    .argument('<id>', 'number of the issue', parseId)
    .addOption(limitOption(5));
  examples(onDatabase(command), 'rowtrace issue 12', 'rowtrace issue 12 --limit 50 --json');
  command.action(run);
}

async function run(id: number, { dir, json, limit }: { dir?: string; json?: boolean; limit: number }): Promise<void> {
  const options = loadOptions({ dir });
  const detail = await withDatabase(options, (db) => getIssue(db, options.schema, { id, occurrences: limit }));
  if (detail === undefined) throw new RowtraceError('RT_NOT_FOUND', [`issue ${id}`]);
  print(json ? safeJson(detail, 2) : describe(detail, terminalOf()));
}

function describe({ issue, keys, hours, occurrences }: IssueDetail, terminal: Terminal): string {
  const { style } = terminal;
  const title = issue.type && !issue.title.startsWith(issue.type) ? `${issue.type}: ${issue.title}` : issue.title;
  const newest = occurrences[0];
  const facts: [string, string | null | undefined][] = [
    ['status', issue.status],
    ['service', issue.service],
    ['culprit', issue.culprit],
    ['count', count(issue.count)],
    ['first seen', `${shortTime(issue.first_seen)} (${ago(issue.first_seen)})${inRelease(issue.first_release)}`],
    ['last seen', `${shortTime(issue.last_seen)} (${ago(issue.last_seen)})${inRelease(issue.last_release)}`],
    ['per hour', `${hourly(hours)}  last ${HOURS_SHOWN} h`],
    ['fingerprint', keys.map(({ fingerprint, version }) => `${fingerprint} (v${version})`).join(', ')],
  ];
  const level = levelStyle(issue.level);
  const parts = [
    `${style('bold', `Issue ${issue.id}`)}  ${level ? style(level, issue.level) : issue.level}  ${escapeLine(title)}`,
    facts
      .filter(([, value]) => value)
      .map(([name, value]) => `  ${style('dim', name.padEnd(11))}  ${escapeLine(value!)}`)
      .join('\n'),
  ];
  if (newest?.stack_trace)
    parts.push(section(style, 'Newest stack', indent(escapeLines(newest.stack_trace.trimEnd()))));
  if (newest && Object.keys(newest.tags).length > 0)
    parts.push(section(style, 'Tags of the newest', indent(safeJson(newest.tags, 2))));
  if (occurrences.length > 0)
    parts.push(section(style, 'Latest occurrences', renderTable(occurrences, logColumns(), terminal)));
  return parts.join('\n\n');
}

function section(style: Terminal['style'], title: string, body: string): string {
  return `${style('bold', title)}\n${body}`;
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

function inRelease(release: string | null): string {
  return release ? ` in ${release}` : '';
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
