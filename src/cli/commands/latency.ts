// `rowtrace latency`: how fast is what?

import { type Command, Option } from 'commander';
import { loadOptions } from '../../options/options.ts';
import { latencyByOperation } from '../../query/latency.ts';
import type { OperationKind } from '../../record/fact.ts';
import { examples, limitOption, onDatabase, sinceOption } from '../arguments.ts';
import { withDatabase } from '../open-database.ts';
import { latencyColumns } from '../output/columns.ts';
import { safeJson } from '../output/escape.ts';
import { renderTable } from '../output/table.ts';
import { note, print, terminalOf } from '../output/terminal.ts';

interface Flags {
  dir?: string;
  json?: boolean;
  since: Date;
  kind?: OperationKind;
  service?: string;
  limit: number;
}

export function register(program: Command): void {
  const command = program
    .command('latency')
    .description('show count, error share and percentiles per operation; what took most time in all comes first')
    .addOption(sinceOption('1h'))
    .addOption(new Option('--kind <kind>').choices(['server', 'client', 'db', 'messaging', 'internal']))
    .option('--service <name>', 'of one service')
    .addOption(limitOption(50));
  examples(onDatabase(command), 'rowtrace latency --since 24h --kind server', 'rowtrace latency --json');
  command.action(run);
}

async function run({ dir, json, since, kind, service, limit }: Flags): Promise<void> {
  const options = loadOptions({ dir });
  const rows = await withDatabase(options, (db) =>
    latencyByOperation(db, options.schema, { since, kind, service, limit }),
  );
  if (json) return print(safeJson(rows, 2));
  if (rows.length === 0)
    return note('no latencies in that time; they are collected every 10 s, look further back with --since 24h');
  print(renderTable(rows, latencyColumns(), terminalOf()));
}
