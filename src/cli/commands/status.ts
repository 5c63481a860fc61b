// `rowtrace status`: does the account close? What each process accepted and what became of it, and what still waits.

import type { Command } from 'commander';
import { loadOptions } from '../../options/options.ts';
import { countDeadLetters } from '../../query/dead-letters.ts';
import { type LedgerEntry, readLedger } from '../../query/ledger.ts';
import { examples, limitOption, onDatabase, sinceOption } from '../arguments.ts';
import { withDatabase } from '../open-database.ts';
import { escapeLine, safeJson } from '../output/escape.ts';
import { ago, count, shortTime } from '../output/format.ts';
import { type Column, renderTable } from '../output/table.ts';
import { note, print, terminalOf } from '../output/terminal.ts';
import { pendingJournals } from '../pending.ts';

export function register(program: Command): void {
  const command = program
    .command('status')
    .description('show per process what was accepted, stored, merged, dropped and is pending')
    .addOption(sinceOption('24h'))
    .addOption(limitOption(50));
  examples(onDatabase(command), 'rowtrace status', 'rowtrace status --json');
  command.action(run);
}

async function run({ dir, json, since, limit }: { dir?: string; json?: boolean; since: Date; limit: number }) {
  const options = loadOptions({ dir });
  const { ledger, deadLetters } = await withDatabase(options, async (db) => ({
    ledger: await readLedger(db, options.schema, { since, limit }),
    deadLetters: await countDeadLetters(db, options.schema),
  }));
  const journalsWaiting = pendingJournals(options.dir).size;
  if (json) return print(safeJson({ ledger, deadLetters, journalsWaiting }, 2));
  const terminal = terminalOf();
  if (ledger.length === 0) note('no process has reported in that time');
  else print(renderTable(ledger, ledgerColumns(), terminal));
  if (journalsWaiting > 0)
    print(`\n${journalsWaiting} journal(s) in ${escapeLine(options.dir)} hold what is not stored yet.`);
  if (deadLetters.length === 0) return;
  const columns: Column<(typeof deadLetters)[number]>[] = [
    { title: 'DEAD LETTERS', value: (row) => count(row.count), align: 'right' },
    { title: 'KIND', value: ({ kind }) => kind },
    { title: 'LAST', value: ({ last_at }) => ago(last_at) },
    { title: 'REASON', value: ({ reason }) => reason, min: 20 },
  ];
  print(`\n${renderTable(deadLetters, columns, terminal)}`);
}

function ledgerColumns(): Column<LedgerEntry>[] {
  const number = (title: string, value: (row: LedgerEntry) => number): Column<LedgerEntry> => ({
    title,
    value: (row) => count(value(row)),
    align: 'right',
  });
  return [
    { title: 'REPORTED', value: ({ updated_at }) => shortTime(updated_at), drop: 3 },
    { title: 'SERVICE', value: ({ service }) => service, min: 8 },
    { title: 'HOST', value: ({ host }) => host, min: 6, drop: 2 },
    { title: 'PID', value: ({ pid }) => pid, align: 'right', drop: 1 },
    number('ACCEPTED', ({ accepted }) => accepted),
    number('STORED', ({ stored }) => stored),
    number('MERGED', ({ merged }) => merged),
    number('DEAD', ({ dead_lettered }) => dead_lettered),
    number('PENDING', ({ pending }) => pending),
    number('DROPPED', ({ dropped_total }) => dropped_total),
    {
      title: 'REASONS',
      value: ({ dropped }) =>
        Object.entries(dropped)
          .map(([reason, n]) => `${reason} ${n}`)
          .join(', '),
      min: 10,
      drop: 4,
    },
  ];
}
