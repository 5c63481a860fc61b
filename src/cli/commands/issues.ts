// `rowtrace issues`: which bugs are there?

import { type Command, Option } from 'commander';
import { loadOptions } from '../../options/options.ts';
import { type Issue, type IssueStatus, listIssues } from '../../query/issues.ts';
import type { Level } from '../../record/level.ts';
import { examples, levelOption, limitOption, onDatabase, sinceOption } from '../arguments.ts';
import { withDatabase } from '../open-database.ts';
import { issueColumns } from '../output/columns.ts';
import { safeJson } from '../output/escape.ts';
import { renderTable } from '../output/table.ts';
import { note, print, terminalOf } from '../output/terminal.ts';

interface Flags {
  dir?: string;
  json?: boolean;
  since: Date;
  level?: Level;
  service?: string;
  search?: string;
  sort: keyof typeof ORDERS;
  limit: number;
  status?: IssueStatus;
}

const ORDERS = {
  last: (a: Issue, b: Issue) => b.last_seen.getTime() - a.last_seen.getTime(),
  first: (a: Issue, b: Issue) => b.first_seen.getTime() - a.first_seen.getTime(),
  count: (a: Issue, b: Issue) => b.count - a.count,
};
/** The query gives the newest; another order needs all of them. */
const ALL = 100_000;

export function register(program: Command): void {
  const command = program
    .command('issues')
    .description('list issues: errors and warnings grouped by fingerprint, with exact counts')
    .addOption(sinceOption('24h'))
    .addOption(levelOption())
    .option('--service <name>', 'of one service')
    .option('--search <text>', 'with this text in title, type or culprit')
    .addOption(
      new Option('--sort <order>', 'last seen, first seen or count').choices(Object.keys(ORDERS)).default('last'),
    )
    .addOption(new Option('--status <status>').choices(['open', 'resolved', 'ignored', 'regressed']))
    .addOption(limitOption(50));
  examples(onDatabase(command), 'rowtrace issues --since 7d --sort count', 'rowtrace issues --level ERROR --json');
  command.action(run);
}

async function run({ dir, json, since, level, service, search, sort, limit, status }: Flags): Promise<void> {
  const options = loadOptions({ dir });
  const found = await withDatabase(options, (db) =>
    listIssues(db, options.schema, {
      since,
      level,
      service,
      status,
      text: search,
      limit: sort === 'last' ? limit : ALL,
    }),
  );
  const issues = found.sort(ORDERS[sort]).slice(0, limit);
  if (json) return print(safeJson(issues, 2));
  const terminal = terminalOf();
  if (issues.length === 0) return note('no issues; look further back with --since 7d');
  print(renderTable(issues, issueColumns(), terminal));
}
