// `rowtrace issue <id>`: what is known about one bug?

import type { Command } from 'commander';
import { RowtraceError } from '../../errors.ts';
import { loadOptions, type Options } from '../../options/options.ts';
import { getIssue, type IssueDetail } from '../../query/issue.ts';
import { getOccurrenceSource } from '../../query/occurrence-source.ts';
import { examples, onList, parseIssue, type ReportFlags } from '../arguments.ts';
import { type IssueFindings, issueReport } from '../issue/report.ts';
import { ownFiles } from '../issue/stack.ts';
import { whyGrouped } from '../issue/why.ts';
import { withDatabase } from '../open-database.ts';
import { safeJson } from '../output/escape.ts';
import { printReport } from '../output/report.ts';
import { print } from '../output/terminal.ts';
import { suspectCommits } from '../suspects/suspect-commits.ts';

interface Flags extends ReportFlags {
  limit: number;
}

export function register(program: Command): void {
  const command = program
    .command('issue')
    .description('show one issue: stack with source, causes, why grouped, releases, suspect commits, tags, history')
    .argument('<issue>', 'friendly id (API-12) or number', parseIssue);
  examples(
    onList(command, 5),
    'rowtrace issue API-12',
    'rowtrace issue API-12 --md | pbcopy',
    'rowtrace issue 12 --limit 50 --json',
  );
  command.action(run);
}

async function run(id: string, { dir, json, md, limit }: Flags): Promise<void> {
  const options = loadOptions({ dir });
  const { detail, source } = await withDatabase(options, async (db) => {
    const detail = await getIssue(db, options.schema, { id, occurrences: limit });
    if (detail === undefined) throw new RowtraceError('RT_NOT_FOUND', [`issue ${id}`]);
    const newest = detail.occurrences[0];
    return { detail, source: newest && (await getOccurrenceSource(db, options.schema, newest)) };
  });
  const findings = await investigate(detail, source, options);
  if (json) {
    const { suspects, why } = findings;
    return print(safeJson({ ...detail, source, why, suspects }, 2));
  }
  const report = issueReport(findings);
  printReport(report, md);
}

/** What the rows and the repository here tell beside the queries. */
async function investigate(
  detail: IssueDetail,
  source: IssueFindings['source'],
  { fingerprintRules }: Options,
): Promise<IssueFindings> {
  const newest = detail.occurrences[0];
  const suspects = await suspectCommits({
    good: buildOf(detail.last_good_release),
    bad: buildOf(detail.first_bad_release),
    paths: newest === undefined ? [] : ownFiles(newest),
    cwd: process.cwd(),
  });
  const why = newest === undefined ? [] : whyGrouped(newest, fingerprintRules).sentences;
  return { detail, ...(source ? { source } : {}), why, suspects };
}

function buildOf(release: IssueDetail['first_bad_release']) {
  return release === null ? undefined : { release: release.release, sha: release.build_sha };
}
