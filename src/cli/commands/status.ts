// `rowtrace status`: does the account close? What each process accepted and what became of it, and what still waits.

import type { Command } from 'commander';
import { journalsLeftAlone, type LeftAlone } from '../../journal/layout.ts';
import { loadOptions, maskSecret } from '../../options/options.ts';
import { countDeadLetters, type DeadLetterCount } from '../../query/dead-letters.ts';
import { type LedgerEntry, type LedgerTotal, readLedger, sumLedger } from '../../query/ledger.ts';
import { examples, type ListFlags, onList, sinceOption } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { withDatabase } from '../open-database.ts';
import { type Block, type Fact, type Report, tableBlock } from '../output/blocks.ts';
import { safeJson } from '../output/escape.ts';
import { ago, count, shortTime } from '../output/format.ts';
import { printReport } from '../output/report.ts';
import type { Column } from '../output/table.ts';
import { print } from '../output/terminal.ts';
import { type WaitingJournal, waitingJournals } from '../status/waiting.ts';

export function register(program: Command): void {
  const command = program
    .command('status')
    .description('show per process and in sum what was accepted, stored, merged, dropped and is pending')
    .addOption(sinceOption('24h'));
  examples(onList(command, 50), 'rowtrace status', 'rowtrace status --json').addHelpText(
    'after',
    `
Every accepted record is in one place: accepted = stored + merged + aggregated + dead-lettered + dropped + pending.
Exit code 1: that does not hold, or something was dropped that nobody discarded.`,
  );
  command.action(run);
}

async function run({ dir, json, md, since, limit }: ListFlags): Promise<void> {
  const options = loadOptions({ dir });
  const found = await withDatabase(options, async (db) => ({
    ledger: await readLedger(db, options.schema, { since, limit }),
    total: await sumLedger(db, options.schema, since),
    deadLetters: await countDeadLetters(db, options.schema),
  }));
  const journals = await waitingJournals(options.dir);
  const leftAlone = journalsLeftAlone(options.dir);
  const { total } = found;
  if (!total.closes || total.dropped_total > (total.dropped.discarded ?? 0)) process.exitCode = EXIT.problem;
  if (json) return print(safeJson({ ...found, journals, journalsWaiting: journals.length, leftAlone }, 2));
  const database = options.databaseUrl ? maskSecret(options.databaseUrl) : options.dir;
  const report = statusReport({ ...found, journals, leftAlone, database });
  printReport(report, md);
}

interface Found {
  database: string;
  ledger: LedgerEntry[];
  total: LedgerTotal;
  deadLetters: DeadLetterCount[];
  journals: WaitingJournal[];
  leftAlone: LeftAlone[];
}

function statusReport({ database, ledger, total, deadLetters, journals, leftAlone }: Found): Report {
  const none: Block = { kind: 'list', items: ['no process has reported in that time'] };
  return {
    title: 'Status',
    headline: database,
    blocks: [
      {
        kind: 'facts',
        title: `In sum, ${count(total.processes)} process${total.processes === 1 ? '' : 'es'}`,
        facts: sums(total),
      },
      ledger.length === 0 ? none : tableBlock('Processes', ledger, ledgerColumns()),
      tableBlock('Journals that wait', journals, journalColumns()),
      tableBlock('Journals that nobody ships', leftAlone, [
        { title: 'JOURNAL', value: ({ path }) => path },
        { title: 'WHY', value: ({ why }) => `it ${why}`, min: 12 },
      ]),
      tableBlock('Dead letters', deadLetters, letterColumns()),
    ],
  };
}

function sums(total: LedgerTotal): Fact[] {
  const some = (n: number) => (n > 0 ? count(n) : undefined);
  return [
    ['accepted', count(total.accepted)],
    ['stored', count(total.stored)],
    ['merged', some(total.merged)],
    ['aggregated', some(total.aggregated)],
    ['dead letters', some(total.dead_lettered) && `${count(total.dead_lettered)}; see rowtrace dead-letters`],
    ['dropped', some(total.dropped_total) && `${count(total.dropped_total)}: ${reasons(total.dropped)}`],
    ['pending', some(total.pending)],
    ['account', total.closes ? 'closes' : 'DOES NOT CLOSE: more was settled than accepted; please report it'],
  ];
}

function reasons(dropped: Record<string, number>): string {
  return Object.entries(dropped)
    .map(([reason, n]) => `${reason} ${count(n)}`)
    .join(', ');
}

function ledgerColumns(): Column<LedgerEntry>[] {
  const number = (title: string, value: (row: LedgerEntry) => number, drop?: number): Column<LedgerEntry> => ({
    title,
    value: (row) => (value(row) === 0 && title !== 'ACCEPTED' && title !== 'STORED' ? '' : count(value(row))),
    align: 'right',
    ...(drop === undefined ? {} : { drop }),
  });
  return [
    { title: 'REPORTED', value: ({ updated_at }) => shortTime(updated_at), drop: 5 },
    { title: 'SERVICE', value: ({ service }) => service, min: 8 },
    { title: 'HOST', value: ({ host }) => host, min: 6, drop: 7 },
    { title: 'PID', value: ({ pid }) => pid, align: 'right', drop: 4 },
    { title: 'ENDED', value: ({ ended_at }) => (ended_at ? ago(ended_at) : ''), drop: 6 },
    number('ACCEPTED', ({ accepted }) => accepted, 2),
    number('STORED', ({ stored }) => stored, 1),
    number('MERGED', ({ merged }) => merged, 3),
    number('COUNTED', ({ aggregated }) => aggregated, 3),
    number('DEAD', ({ dead_lettered }) => dead_lettered),
    number('DROPPED', ({ dropped_total }) => dropped_total),
    number('PENDING', ({ pending }) => pending),
    { title: 'CLOSES', value: ({ closes }) => (closes ? '' : 'NO'), style: () => 'red' },
    { title: 'REASONS', value: ({ dropped }) => reasons(dropped), min: 10, drop: 8 },
  ];
}

function journalColumns(): Column<WaitingJournal>[] {
  return [
    { title: 'SERVICE', value: ({ service }) => service, min: 8 },
    { title: 'PID', value: ({ pid, alive }) => (alive ? pid : `${pid} (dead)`), align: 'right' },
    { title: 'RECORDS', value: ({ records }) => count(records), align: 'right' },
    { title: 'BYTES', value: ({ bytes }) => count(bytes), align: 'right', drop: 1 },
    { title: 'OLDEST', value: ({ oldest }) => ago(oldest) },
    { title: 'SHIPPED BY', value: ({ shippedBy }) => shippedBy, min: 12 },
  ];
}

function letterColumns(): Column<DeadLetterCount>[] {
  return [
    { title: 'COUNT', value: (row) => count(row.count), align: 'right' },
    { title: 'KIND', value: ({ kind }) => kind },
    { title: 'LAST', value: ({ last_at }) => ago(last_at) },
    { title: 'REASON', value: ({ reason }) => reason, min: 20 },
  ];
}
