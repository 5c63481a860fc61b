// `rowtrace tail`: the newest rows, and then each new one as it is stored.

import { once } from 'node:events';
import type { Command } from 'commander';
import { RowtraceError } from '../../errors.ts';
import { loadOptions, type Options } from '../../options/options.ts';
import { followLogs } from '../../query/follow-logs.ts';
import { type LogEntry, recentLogs } from '../../query/recent-logs.ts';
import type { Level } from '../../record/level.ts';
import { type DatabaseFlags, examples, levelOption, limitOption, onDatabase } from '../arguments.ts';
import { explainDatabaseError } from '../explain-error.ts';
import { withDatabase } from '../open-database.ts';
import { wording } from '../output/columns.ts';
import { escapeLine, safeJson } from '../output/escape.ts';
import { latency, levelStyle, shortTime } from '../output/format.ts';
import { note, print, type Terminal, terminalOf } from '../output/terminal.ts';
import { connectOwner } from '../owner/connect.ts';

const LOOK_MILLIS = 500;
const AWAY_MILLIS = 5_000;

interface Flags extends DatabaseFlags {
  level?: Level;
  service?: string;
  n: number;
  follow: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('tail')
    .description('show the newest rows and go on with new ones; Ctrl-C ends it')
    .addOption(limitOption(10, '-n <n>'))
    .addOption(levelOption())
    .option('--service <name>', 'of one service')
    .option('--no-follow', 'end after the newest rows');
  examples(onDatabase(command), 'rowtrace tail', 'rowtrace tail -n 50 --level ERROR --no-follow --json');
  command.action(run);
}

async function run({ dir, json, level, service, n, follow }: Flags): Promise<void> {
  const options = loadOptions({ dir });
  const terminal = terminalOf();
  const show = (rows: LogEntry[]) => {
    for (const row of rows) print(json ? safeJson(row) : line(row, terminal));
  };
  await withDatabase(options, async (db) => {
    const filter = { level, service };
    // Made before the first look, so that no row falls between the two; what both give is shown once.
    const follower = follow ? await followLogs(db, options.schema, filter) : undefined;
    const first = (await recentLogs(db, options.schema, { ...filter, limit: n })).reverse();
    show(first);
    const shown = new Set(first.map(({ event_id }) => event_id));
    if (!follower) return first.length === 0 ? note('no rows') : undefined;
    const end = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end.abort());
    while (!end.signal.aborted) {
      const rows = await follower.next().catch((error) => waitForReturn(error, options));
      show(rows.filter(({ event_id }) => !shown.has(event_id)));
      // A reader that is slower than the rows come holds back the next look, not memory.
      if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain', end).catch(() => {});
      if (rows.length < follower.limit) await new Promise((resolve) => setTimeout(resolve, LOOK_MILLIS));
    }
  });
}

/**
 * The connections of `db` come back by themselves, but an embedded owner that was killed has to be started again. The
 * follower keeps its place, so nothing is missed meanwhile.
 */
async function waitForReturn(error: unknown, options: Options): Promise<LogEntry[]> {
  const explained = explainDatabaseError(error, options);
  if (!(explained instanceof RowtraceError)) throw explained;
  if (explained.code === 'RT_DATABASE_SLOW') {
    note(`${explained.message} Looking again …`);
    return [];
  }
  if (explained.code !== 'RT_DATABASE_UNREACHABLE') throw explained;
  note('the database is away; going on when it is back …');
  if (options.databaseUrl === undefined) await (await connectOwner(options.dir)).close();
  else await new Promise((resolve) => setTimeout(resolve, AWAY_MILLIS));
  return [];
}

/** One line a row, longer than the terminal where need be: what scrolls by is not cut. */
function line(row: LogEntry, terminal: Terminal): string {
  const style = levelStyle(row.level);
  const level = row.level.padEnd(8);
  const named = row.error_type ? `${row.error_type}: ` : '';
  const request = [row.http_method, row.route, row.http_status, latency(row.latency_ms)].filter(Boolean).join(' ');
  const where = [row.service, request, row.request_id].filter(Boolean).join('  ');
  return [
    terminal.style('dim', shortTime(row.created_at)),
    style ? terminal.style(style, level) : level,
    escapeLine(`${named}${wording(row)}`),
    terminal.style('dim', escapeLine(where)),
  ].join('  ');
}
