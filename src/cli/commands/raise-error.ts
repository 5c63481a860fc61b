// `rowtrace raise-error`: a tiny program with the preload throws; then the row is looked for. Shows that the way from an
// application to the database is open.

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Command } from 'commander';
import { loadOptions } from '../../options/options.ts';
import { type LogEntry, recentLogs } from '../../query/recent-logs.ts';
import { recordedEnvironment } from '../application.ts';
import { type DatabaseFlags, examples, onDatabase } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { openDatabase, withDatabase } from '../open-database.ts';
import { logColumns } from '../output/columns.ts';
import { safeJson } from '../output/escape.ts';
import { renderTable } from '../output/table.ts';
import { note, print, terminalOf, withProgress } from '../output/terminal.ts';

const WAIT_MILLIS = 10_000;

export function register(program: Command): void {
  const command = program
    .command('raise-error')
    .description('throw an error in a tiny program and show the row that it becomes');
  examples(onDatabase(command), 'rowtrace raise-error', 'ROWTRACE_DATABASE_URL=postgres://… rowtrace raise-error');
  command.action(run);
}

async function run({ dir, json }: DatabaseFlags): Promise<void> {
  const options = loadOptions({ dir });
  const mark = randomUUID().slice(0, 8);
  const since = new Date(Date.now() - 60_000);
  // First, so that an error is raised only where a row can arrive; and anew afterwards, since whoever connects to the
  // embedded database has it look through the journals at once.
  await (await openDatabase(options, true)).close();
  const said = await throwOne(mark, options.dir, options.service);
  const row = await withDatabase(options, (db) => {
    const find = async () =>
      (await recentLogs(db, options.schema, { since, text: `raise-error ${mark}`, limit: 1 }))[0];
    return withProgress('waiting for the row …', until(find, WAIT_MILLIS));
  });
  if (row === undefined) {
    if (said) note(`the program said: ${said}`);
    note(`no row arrived within ${WAIT_MILLIS / 1000} s; \`rowtrace doctor\` may tell why`);
    process.exitCode = EXIT.problem;
    return;
  }
  if (json) return print(safeJson(row, 2));
  print(renderTable([row], logColumns(), terminalOf()));
  print('\nThe row arrived: what your application throws will, too.');
}

/** @returns what it wrote to stderr, without the stack that every crash prints */
async function throwOne(mark: string, dir: string, service: string | undefined): Promise<string> {
  const program = `class RaisedError extends Error { name = 'RaisedError' }
function raise() { throw new RaisedError('rowtrace raise-error ${mark}') }
raise()`;
  const child = spawn(process.execPath, ['--input-type=commonjs', '--eval', program], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...recordedEnvironment(), ROWTRACE_DIR: dir, ROWTRACE_SERVICE: service ?? 'raise-error' },
  });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  await once(child, 'close');
  return said
    .split('\n')
    .filter((line) => line.startsWith('rowtrace:'))
    .join(' ');
}

async function until(find: () => Promise<LogEntry | undefined>, timeoutMillis: number): Promise<LogEntry | undefined> {
  const deadline = performance.now() + timeoutMillis;
  for (;;) {
    const found = await find();
    if (found !== undefined || performance.now() >= deadline) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
