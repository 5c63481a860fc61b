// `rowtrace promote`: the embedded database's rows into a Postgres of your own.

import type { Command } from 'commander';
import { RowtraceError } from '../../errors.ts';
import { loadOptions, maskSecret } from '../../options/options.ts';
import { databaseUrl as parseDatabaseUrl } from '../../options/parsers.ts';
import { analyzeGrown } from '../../store/analyze.ts';
import { ColumnsDiffer } from '../../store/copy-columns.ts';
import { CopyConflict, CopySourceLost, copySchema } from '../../store/copy-schema.ts';
import { migrate } from '../../store/migrate.ts';
import { openPostgres } from '../../store/postgres.ts';
import { type DatabaseFlags, examples, onDatabase } from '../arguments.ts';
import { explainDatabaseError } from '../explain-error.ts';
import { openDatabase } from '../open-database.ts';
import { safeJson } from '../output/escape.ts';
import { count } from '../output/format.ts';
import { note, print } from '../output/terminal.ts';

const SAY_EVERY_MILLIS = 2000;

export function register(program: Command): void {
  const command = program
    .command('promote')
    .description('copy the embedded database into a Postgres without rows of Rowtrace: all or nothing, verified')
    .option('--to <url>', 'the Postgres to copy into (default: ROWTRACE_DATABASE_URL)');
  examples(onDatabase(command), 'rowtrace promote --to postgres://rowtrace@db.example/app');
  command.action(run);
}

async function run({ dir, json, to }: DatabaseFlags & { to?: string }): Promise<void> {
  if (to !== undefined) checkUrl(to);
  const options = loadOptions(to === undefined ? { dir } : { dir, databaseUrl: to });
  const { databaseUrl, schema, columns } = options;
  if (databaseUrl === undefined)
    throw new RowtraceError('RT_USAGE', ['Give the database to copy into: --to postgres://…']);
  const where = maskSecret(databaseUrl);
  const target = openPostgres(databaseUrl, { max: 1, applicationName: 'rowtrace promote' });
  try {
    await migrate(target, { schema, columns });
    const source = await openDatabase({ ...options, databaseUrl: undefined });
    try {
      let saidAt = performance.now();
      const { tables, copied } = await copySchema(source, target, schema, ({ table, rows }) => {
        if (performance.now() - saidAt < SAY_EVERY_MILLIS) return;
        saidAt = performance.now();
        note(`${table}: ${count(rows)} rows …`);
      });
      if (copied) await analyzeGrown(target, schema).catch(() => 0);
      const rows = tables.reduce((sum, table) => sum + table.rows, 0);
      if (json) return print(safeJson({ database: where, copied, rows, tables }, 2));
      if (!copied) return print(`${where} has the same ${count(rows)} rows already; nothing was copied.`);
      for (const table of tables) if (table.rows > 0) print(`  ${table.table.padEnd(24)}  ${count(table.rows)}`);
      print(`${count(rows)} rows copied to ${where}, and the same in both, table by table.`);
      print('Now start your applications with ROWTRACE_DATABASE_URL set to it; what still comes to the embedded');
      print('database stays there. It is unchanged; remove its folder when you no longer need it.');
    } finally {
      await source.close().catch(() => {});
    }
  } catch (error) {
    if (error instanceof CopyConflict) throw new RowtraceError('RT_PROMOTE_CONFLICT', [where, schema, error.message]);
    if (error instanceof ColumnsDiffer) throw new RowtraceError('RT_PROMOTE_COLUMNS', [schema, where, error.message]);
    if (error instanceof CopySourceLost)
      throw new RowtraceError('RT_EMBEDDED_LOST', [options.dir, error.message, where], { cause: error });
    throw explainDatabaseError(error, options);
  } finally {
    await target.close().catch(() => {});
  }
}

/** Before the options are, which would name the option and not the flag. */
function checkUrl(to: string): void {
  try {
    parseDatabaseUrl(to);
  } catch (error) {
    throw new RowtraceError('RT_OPTION_INVALID', [`--to = ${maskSecret(to)}`, (error as Error).message]);
  }
}
