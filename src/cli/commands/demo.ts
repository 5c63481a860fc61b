// `rowtrace demo`: a real web application under real requests, and what of it is in the database a moment later.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { loadOptions, type Options } from '../../options/options.ts';
import { examples } from '../arguments.ts';
import { chooseExample, type Example, startExample } from '../demo/example.ts';
import { type DemoRows, isComplete, readDemo } from '../demo/read.ts';
import { visit } from '../demo/visit.ts';
import { EXIT } from '../exit-codes.ts';
import { withDatabase } from '../open-database.ts';
import { issueColumns, latencyColumns, logColumns } from '../output/columns.ts';
import { escapeLine, safeJson } from '../output/escape.ts';
import { renderTable } from '../output/table.ts';
import { note, print, terminalOf } from '../output/terminal.ts';
import { connectOwner, stopOwner } from '../owner/connect.ts';

const ROWS_SHOWN = 12;

export function register(program: Command): void {
  const command = program
    .command('demo')
    .description('run a small web application, send it requests, and show its rows, issues and percentiles')
    .option('--dir <folder>', 'use this folder and keep it (default: a temporary one)')
    .addOption(
      new Option('--example <name>', 'which application (default: express, where it is installed)').choices([
        'express',
        'http',
      ]),
    )
    .option('--keep', 'keep the temporary folder')
    .option('--json', 'print JSON for programs');
  examples(command, 'rowtrace demo', 'ROWTRACE_DATABASE_URL=postgres://… rowtrace demo').action(run);
}

interface Flags {
  dir?: string;
  example?: Example['name'];
  keep?: boolean;
  json?: boolean;
}

async function run({ dir, example: wanted, keep, json }: Flags): Promise<void> {
  const folder = dir ? resolve(dir) : mkdtempSync(join(tmpdir(), 'rowtrace-demo-'));
  const options = loadOptions({ dir: folder });
  const isKept = keep === true || dir !== undefined;
  try {
    const example = chooseExample(wanted);
    if (example.name !== 'express' && !wanted)
      note('express and pino are not installed here: an application on node:http is run instead');
    const found = await play(example, options);
    if (json) print(safeJson(found, 2));
    else show(found);
    const complete = isComplete(found, example);
    if (!complete) {
      note(`not all expected rows are there (${example.expected.join(', ')}, a slow request, percentiles)`);
      process.exitCode = EXIT.problem;
    }
    if (!json) next(options, isKept);
  } finally {
    if (options.databaseUrl === undefined && !isKept) await stopOwner(folder);
    if (!isKept) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function play(example: Example, options: Options): Promise<DemoRows> {
  const since = new Date(Date.now() - 1000);
  note(
    `starting ${example.name === 'express' ? 'an Express' : 'a node:http'} application with one flag: node --import rowtrace/register app`,
  );
  // Meanwhile, since the first start of PGlite takes seconds.
  const owner = options.databaseUrl === undefined ? connectOwner(options.dir) : undefined;
  owner?.catch(() => {});
  const running = await startExample(example, options.dir);
  try {
    note('sending it requests, some of which fail …');
    const statuses = await visit(running.url);
    const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, n]) => `${n} × ${status}`);
    note(`answered: ${counts.join(', ')}; reading the rows …`);
  } finally {
    await running.stop();
  }
  await (await owner)?.close();
  return withDatabase(options, (db) => readDemo(db, options, example, since));
}

function show({ rows, issues, latencies }: DemoRows): void {
  const terminal = terminalOf();
  const title = (text: string, query: string) => `\n${terminal.style('bold', text)}  ${terminal.style('dim', query)}`;
  print(title('Rows', 'select * from rowtrace.error_logs order by created_at desc'));
  print(renderTable(rows.slice(0, ROWS_SHOWN), logColumns(), terminal));
  if (rows.length > ROWS_SHOWN) print(terminal.style('dim', `… and ${rows.length - ROWS_SHOWN} more`));
  print(title('Issues', 'select * from rowtrace.issue_list order by last_seen desc'));
  print(renderTable(issues, issueColumns(), terminal));
  print(title('Latency', `select * from rowtrace.latency(now() - interval '1 hour')`));
  print(renderTable(latencies, latencyColumns(), terminal));
}

function next({ databaseUrl, dir }: Options, isKept: boolean): void {
  const see = databaseUrl || !isKept ? 'npx rowtrace issues' : `npx rowtrace issues --dir ${escapeLine(dir)}`;
  print(`
Next:
  npx rowtrace dev -- node app.js              your application, with the embedded database beside it
  node --import rowtrace/register app.js       the same in production (ROWTRACE_DATABASE_URL=postgres://…)
  ${see.padEnd(44)} what went wrong in it; also: issue <id>, tail, latency, doctor`);
}
