// `rowtrace migrate`: creates the tables and promoted columns that this version needs.

import type { Command } from 'commander';
import { loadOptions, maskSecret } from '../../options/options.ts';
import { analyzeGrown } from '../../store/analyze.ts';
import { migrate } from '../../store/migrate.ts';
import { openPostgres } from '../../store/postgres.ts';
import { type DatabaseFlags, examples, onDatabase } from '../arguments.ts';
import { explainDatabaseError } from '../explain-error.ts';
import { openOwner } from '../open-database.ts';
import { escapeLines, safeJson } from '../output/escape.ts';
import { note, print, withProgress } from '../output/terminal.ts';
import { endOwner } from '../owner/connect.ts';

interface Flags extends DatabaseFlags {
  dryRun?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('migrate')
    .description('create or update the tables and the promoted columns')
    .option('--dry-run', 'print the SQL instead of running it');
  examples(onDatabase(command), 'rowtrace migrate --dry-run', 'ROWTRACE_DATABASE_URL=postgres://… rowtrace migrate');
  command.action(run);
}

async function run({ dir, json, dryRun = false }: Flags): Promise<void> {
  const options = loadOptions({ dir });
  const { databaseUrl, schema, columns } = options;
  const database = databaseUrl ? maskSecret(databaseUrl) : options.dir;
  const db = databaseUrl
    ? openPostgres(databaseUrl, { max: 1, applicationName: 'rowtrace migrate' })
    : await openOwner(options);
  try {
    const steps = await withProgress('migrating …', migrate(db, { schema, columns, dryRun }));
    // Of a database that was restored just now.
    if (!dryRun) await withProgress('analyzing …', analyzeGrown(db, schema)).catch(() => 0);
    // The owner writes the columns it found when it started.
    if (!databaseUrl && !dryRun && steps.length > 0 && !(await endOwner(options.dir)))
      note(
        'the process that holds the embedded database runs in another container; end it, so that the next one fills new columns',
      );
    if (json) return print(safeJson({ database, schema, dryRun, steps }, 2));
    if (steps.length === 0) return print(`Schema ${schema} of ${database} is up to date.`);
    if (dryRun) return print(steps.map(({ name, sql }) => `-- ${name}\n${escapeLines(sql.trim())}\n`).join('\n'));
    print(steps.map(({ name }) => `  ${name}`).join('\n'));
    print(`Schema ${schema} of ${database} is up to date now.`);
  } catch (error) {
    throw explainDatabaseError(error, options);
  } finally {
    await db.close().catch(() => {});
  }
}
