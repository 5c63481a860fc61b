// `rowtrace issues`: which bugs are there?

import { type Command, Option } from 'commander';
import { loadOptions } from '../../options/options.ts';
import { type IssueSort, type IssueStatus, listIssues } from '../../query/issues.ts';
import type { Level } from '../../record/level.ts';
import { examples, type ListFlags, levelOption, noteLimit, onList, sinceOption } from '../arguments.ts';
import { whyNoIssues } from '../issue/why-none.ts';
import { withDatabase } from '../open-database.ts';
import { issueColumns } from '../output/columns.ts';
import { safeJson } from '../output/escape.ts';
import { printRows } from '../output/report.ts';
import { note, print } from '../output/terminal.ts';

interface Flags extends ListFlags {
  level?: Level;
  service?: string;
  release?: string;
  newIn?: string;
  search?: string;
  sort: keyof typeof SORTS;
  status?: IssueStatus;
}

const SORTS = {
  last: 'last_seen',
  first: 'first_seen',
  count: 'count',
  escalating: 'escalating',
} as const satisfies Record<string, IssueSort>;

export function register(program: Command): void {
  const command = program
    .command('issues')
    .description('list issues: errors and warnings grouped by fingerprint, with exact counts')
    .addOption(sinceOption('24h'))
    .addOption(levelOption())
    .option('--service <name>', 'of one service')
    .option('--release <name>', 'that occurred in this release')
    .option('--new-in <release>', 'that were first seen in this release: what a deploy broke')
    .option('--search <text>', 'with this text in title, type or culprit')
    .addOption(
      new Option('--sort <order>', 'last seen, first seen, count, or growth')
        .choices(Object.keys(SORTS))
        .default('last'),
    )
    .addOption(new Option('--status <status>').choices(['open', 'resolved', 'ignored', 'regressed']));
  examples(
    onList(command, 50),
    'rowtrace issues --since 7d --sort count',
    'rowtrace issues --new-in 1.4.0',
    'rowtrace issues --status regressed --release 1.4.0',
    'rowtrace issues --level ERROR --json',
  ).addHelpText(
    'after',
    `
Counts are of all time, not of --since.

Marks:
  new         first seen in the last 24 hours
  regressed   came back after it was resolved
  escalating  the last hour has more than ten, and more than five times the hourly mean of seven days`,
  );
  command.action(run);
}

async function run({ dir, json, md, search, sort, newIn, ...filter }: Flags, command: Command): Promise<void> {
  const options = loadOptions({ dir });
  const { schema } = options;
  const wanted = { ...filter, firstRelease: newIn, text: search, sort: SORTS[sort] };
  const { issues, whyNone } = await withDatabase(options, async (db) => {
    const issues = await listIssues(db, schema, wanted);
    const isAsked = issues.length === 0 && !json;
    return { issues, whyNone: isAsked ? await whyNoIssues(db, schema, wanted) : '' };
  });
  if (json) return print(safeJson(issues, 2));
  if (issues.length === 0) return note(whyNone);
  printRows('Issues', issues, issueColumns(), md);
  noteLimit(command, issues.length);
}
