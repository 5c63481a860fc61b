// `rowtrace slow`: which spans were slow, against what, and where did their time go?

import type { Command } from 'commander';
import { loadOptions } from '../../options/options.ts';
import { type SlowRow, slowRows } from '../../query/slow-rows.ts';
import { examples, furtherBack, type ListFlags, noteLimit, onList, sinceOption } from '../arguments.ts';
import { withDatabase } from '../open-database.ts';
import { safeJson } from '../output/escape.ts';
import { latency, shortTime } from '../output/format.ts';
import { printRows } from '../output/report.ts';
import type { Column } from '../output/table.ts';
import { note, print } from '../output/terminal.ts';

export function register(program: Command): void {
  const command = program
    .command('slow')
    .description('list slow spans and spans that hang: against what, and where the time went')
    .addOption(sinceOption('24h'));
  examples(onList(command, 50), 'rowtrace slow', 'rowtrace slow --since 7d --json');
  command.action(run);
}

async function run({ dir, json, md, since, limit }: ListFlags, command: Command): Promise<void> {
  const options = loadOptions({ dir });
  const rows = await withDatabase(options, (db) => slowRows(db, options.schema, { since, limit }));
  if (json) return print(safeJson(rows, 2));
  if (rows.length === 0) return note(`nothing was slow in that time${furtherBack(since)}`);
  printRows('Slow spans', rows, COLUMNS, md);
  noteLimit(command, rows.length);
}

const COLUMNS: Column<SlowRow>[] = [
  { title: 'TIME', value: ({ created_at }) => shortTime(created_at) },
  { title: 'JUDGE', value: ({ judge }) => judge },
  { title: 'TOOK', value: ({ millis }) => latency(millis), align: 'right' },
  { title: 'LIMIT', value: ({ limit_ms }) => latency(limit_ms), align: 'right', drop: 2 },
  { title: 'SELF', value: ({ self_ms }) => latency(self_ms), align: 'right', drop: 3 },
  {
    title: 'BLOCKED',
    value: ({ loop_blocked_ms }) => (loop_blocked_ms ? latency(loop_blocked_ms) : ''),
    align: 'right',
    drop: 4,
  },
  { title: 'WHAT', value: ({ message }) => message, min: 36 },
  { title: 'TRACE', value: ({ trace_id }) => trace_id, drop: 1 },
];
