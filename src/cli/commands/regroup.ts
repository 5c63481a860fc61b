// `rowtrace regroup --dry-run`: what would new rules, or this version of the algorithm, join and part?

import type { Command } from 'commander';
import { RowtraceError } from '../../errors.ts';
import { loadFile, loadOptions, type Options } from '../../options/options.ts';
import { issueNames, issuesOfKeys, keyedOccurrences } from '../../query/keyed-occurrences.ts';
import { FINGERPRINT_VERSION } from '../../record/fingerprint/index.ts';
import type { Db } from '../../store/db.ts';
import { examples, onReport, type ReportFlags, sinceOption } from '../arguments.ts';
import { withDatabase } from '../open-database.ts';
import { safeJson } from '../output/escape.ts';
import { printReport } from '../output/report.ts';
import { print, withProgress } from '../output/terminal.ts';
import { createPlanner } from '../regroup/plan.ts';
import { type Regrouping, regroupReport } from '../regroup/report.ts';

interface Flags extends ReportFlags {
  dryRun?: boolean;
  rules?: string;
  since: Date;
}

const MOST_OCCURRENCES = 100_000;

export function register(program: Command): void {
  const command = program
    .command('regroup')
    .description('say which issues new grouping rules would join and part; nothing is changed')
    .option('--dry-run', 'needed: there is no other way to run it')
    .option(
      '--rules <file>',
      'a list of rules, or a configuration file with fingerprintRules (default: those configured)',
    )
    .addOption(sinceOption('7d'));
  examples(
    onReport(command),
    'rowtrace regroup --dry-run',
    'rowtrace regroup --dry-run --rules new-rules.json --since 30d',
  );
  command.action(run);
}

async function run({ dir, json, md, dryRun, rules: file, since }: Flags): Promise<void> {
  if (!dryRun)
    throw new RowtraceError('RT_USAGE', [
      'regroup changes nothing and only runs with --dry-run: rules in the configuration (fingerprintRules) count for new events, and `rowtrace merge` and `split` change issues that are there',
    ]);
  const options = loadOptions({ dir });
  const rules = file === undefined ? options.fingerprintRules : rulesOf(file, options);
  const found = await withDatabase(options, (db) =>
    withProgress('computing the keys of what is stored …', plan(db, options, rules, since)),
  );
  if (json) {
    const { plan, names, cut } = found;
    return print(safeJson({ ...plan, since, cut, issues: [...names.values()] }, 2));
  }
  const report = regroupReport(found);
  printReport(report, md);
}

async function plan(db: Db, options: Options, rules: Options['fingerprintRules'], since: Date): Promise<Regrouping> {
  const { schema, fingerprintRules } = options;
  const planner = createPlanner(rules, fingerprintRules);
  let seen = 0;
  for await (const page of keyedOccurrences(db, schema, { since, limit: MOST_OCCURRENCES })) {
    for (const row of page) planner.add(row);
    seen += page.length;
  }
  const keys = planner.newKeys().map(({ service, fingerprint }) => ({ service, fingerprint }));
  const found = planner.plan(await issuesOfKeys(db, schema, FINGERPRINT_VERSION, keys));
  const ids = [
    ...found.joins.flatMap(({ issues }) => issues.map(({ issue }) => issue)),
    ...found.parts.map(({ issue }) => issue),
    ...found.renamed,
  ];
  const names = new Map((await issueNames(db, schema, [...new Set(ids)])).map((name) => [name.id, name]));
  return { plan: found, names, since, cut: seen >= MOST_OCCURRENCES, rules: rules.length };
}

/** Checked as the option is. */
function rulesOf(file: string, { dir }: Options): Options['fingerprintRules'] {
  const given = loadFile(file);
  const rules = Array.isArray(given) ? given : (given as { fingerprintRules?: unknown }).fingerprintRules;
  if (rules === undefined) throw new RowtraceError('RT_CONFIG_UNREADABLE', [file, 'it has no fingerprintRules']);
  return loadOptions({ dir, fingerprintRules: rules }).fingerprintRules;
}
