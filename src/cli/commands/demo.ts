// `rowtrace demo`: a real web application under real requests, and what of it is in the database a moment later.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { RowtraceError } from '../../errors.ts';
import { loadOptions, type Options } from '../../options/options.ts';
import type { LogEntry } from '../../query/recent-logs.ts';
import { examples } from '../arguments.ts';
import {
  buildExample,
  chooseExample,
  EXAMPLES,
  EXPECTED,
  type Example,
  exampleFolder,
  isUnbuilt,
  missingPackages,
  runExample,
  startExample,
} from '../demo/example.ts';
import { type DemoRows, isComplete, readDemo } from '../demo/read.ts';
import { visit } from '../demo/visit.ts';
import { EXIT } from '../exit-codes.ts';
import { withDatabase } from '../open-database.ts';
import { issueColumns, latencyColumns, logColumns } from '../output/columns.ts';
import { escapeLine, safeJson } from '../output/escape.ts';
import { type Column, renderTable } from '../output/table.ts';
import { note, print, terminalOf } from '../output/terminal.ts';
import { appliedOf } from '../owner/applied.ts';
import { connectOwner, stopOwner } from '../owner/connect.ts';

const ROWS_SHOWN = 12;

export function register(program: Command): void {
  const command = program
    .command('demo')
    .description('run a small web application, send it requests, and show its rows, issues and percentiles')
    .option('--dir <folder>', 'use this folder and keep it (default: a temporary one)')
    .addOption(
      new Option('--example <name>', 'which application (default: express, where it is installed)').choices(
        EXAMPLES.map(({ name }) => name),
      ),
    )
    .option('--keep', 'keep the temporary folder')
    .option('--json', 'print JSON for programs');
  examples(command, 'rowtrace demo', 'ROWTRACE_DATABASE_URL=postgres://… rowtrace demo').action(run);
}

interface Flags {
  dir?: string;
  example?: string;
  keep?: boolean;
  json?: boolean;
}

async function run({ dir, example: wanted, keep, json }: Flags): Promise<void> {
  const example = chooseExample(wanted);
  const missing = missingPackages(example);
  if (missing.length > 0) throw new RowtraceError('RT_EXAMPLE_NEEDS', [example.name, missing.join(' ')]);
  // Columns and names of the example hold for the application, for the owner of the database and for what reads here.
  const config = join(exampleFolder(example), 'rowtrace.config.json');
  if (existsSync(config)) process.env.ROWTRACE_CONFIG ??= config;
  const folder = dir ? resolve(dir) : mkdtempSync(join(tmpdir(), 'rowtrace-demo-'));
  const options = loadOptions({ dir: folder });
  const isKept = keep === true || dir !== undefined;
  try {
    if (example.name !== 'express' && !wanted)
      note('express and pino are not installed here: an application on node:http is run instead');
    const found = await play(example, options);
    if (json) print(safeJson(found, 2));
    else show(found, Object.keys(options.columns));
    const complete = isComplete(found, example);
    if (!complete) {
      note(`not all expected rows are there (${EXPECTED.join(', ')}, a slow request, percentiles)`);
      process.exitCode = EXIT.problem;
    }
    if (!json) next(options, isKept);
  } finally {
    if (options.databaseUrl === undefined && !isKept) await stopOwner(folder);
    if (!isKept) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function play(example: Example, options: Options): Promise<DemoRows> {
  if (isUnbuilt(example)) {
    note(`building ${example.title} …`);
    buildExample(example);
  }
  const since = new Date(Date.now() - 1000);
  const how = example.ownSdk ? 'with createProcessors()' : 'with one flag: node --import rowtrace/register app';
  note(`starting ${example.title} ${how}`);
  // Meanwhile, since the first start of PGlite takes seconds.
  const owner =
    options.databaseUrl === undefined ? connectOwner(options.dir, { applied: appliedOf(options) }) : undefined;
  owner?.catch(() => {});
  if (example.kind === 'job') await runExample(example, options.dir);
  else await visitExample(example, options.dir);
  await (await owner)?.close();
  return withDatabase({ ...options, endpoint: undefined }, (db) => readDemo(db, options, example, since));
}

async function visitExample(example: Example, dir: string): Promise<void> {
  const running = await startExample(example, dir);
  try {
    note('sending it requests, some of which fail …');
    const statuses = await visit(running.url);
    const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, n]) => `${n} × ${status}`);
    note(`answered: ${counts.join(', ')}; reading the rows …`);
  } finally {
    await running.stop();
  }
}

function show({ rows, issues, latencies }: DemoRows, promoted: readonly string[]): void {
  const terminal = terminalOf();
  const title = (text: string, query: string) => `\n${terminal.style('bold', text)}  ${terminal.style('dim', query)}`;
  print(title('Rows', 'select * from rowtrace.error_logs order by created_at desc'));
  print(renderTable(rows.slice(0, ROWS_SHOWN), [...logColumns(), ...promoted.map(promotedColumn)], terminal));
  if (rows.length > ROWS_SHOWN) print(terminal.style('dim', `… and ${rows.length - ROWS_SHOWN} more`));
  print(title('Issues', 'select * from rowtrace.issue_list order by last_seen desc'));
  print(renderTable(issues, issueColumns(), terminal));
  print(title('Latency', `select * from rowtrace.latency(now() - interval '1 hour')`));
  print(renderTable(latencies, latencyColumns(), terminal));
}

function promotedColumn(name: string): Column<LogEntry> {
  const value = (row: LogEntry) => (row as unknown as Record<string, string | number | null>)[name];
  return { title: name.toUpperCase(), value, align: 'right' };
}

function next({ databaseUrl, dir }: Options, isKept: boolean): void {
  const see = databaseUrl || !isKept ? 'npx rowtrace issues' : `npx rowtrace issues --dir ${escapeLine(dir)}`;
  print(`
Next:
  npx rowtrace dev -- node app.js              your application, with the embedded database beside it
  node --import rowtrace/register app.js       the same in production (ROWTRACE_DATABASE_URL=postgres://…)
  ${see.padEnd(44)} what went wrong in it; also: issue <id>, tail, latency, doctor`);
}
