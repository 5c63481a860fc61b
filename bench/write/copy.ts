// psql's \copy of rows that are made already: the limit of what any writer can bring into error_logs.

import { execFileSync } from 'node:child_process';
import { openPostgres } from '../../src/store/postgres.ts';

export function psql(url: string, command: string): string {
  return execFileSync('psql', ['-qXAt', url, '-c', '\\timing on', '-c', command], { encoding: 'utf8' });
}

export function copyOut(url: string, file: string): void {
  psql(url, `\\copy (select ${copied(url)} from rowtrace.error_logs order by event_id) to '${file}'`);
}

/** @returns seconds */
export function copyIn(url: string, file: string): number {
  const said = psql(url, `\\copy rowtrace.error_logs (${copied(url)}) from '${file}'`);
  return Number(/Time: ([\d.]+) ms/.exec(said)![1]) / 1_000;
}

export async function emptyTables(url: string): Promise<void> {
  const db = openPostgres(url);
  await db.query('truncate rowtrace.error_logs, rowtrace.issues, rowtrace.issue_deltas, rowtrace.ledger cascade');
  await db.close();
  psql(url, 'checkpoint');
}

/** All but the id, which the table makes in either case. */
function copied(url: string): string {
  return execFileSync('psql', [
    '-qXAt',
    url,
    '-c',
    `select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
     where attrelid = 'rowtrace.error_logs'::regclass and attnum > 0 and attname <> 'id' and not attisdropped`,
  ])
    .toString()
    .trim();
}
