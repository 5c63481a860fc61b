// `rowtrace latency`: how fast is what? Of all operations, by release, or one in detail.

import { type Command, Option } from 'commander';
import { loadOptions, type Options } from '../../options/options.ts';
import { type LatencyQuery, latencyByOperation, latencyByRelease } from '../../query/latency.ts';
import { distributionOf, exemplarsOf, slowestCalls } from '../../query/operation-latency.ts';
import type { OperationKind } from '../../record/fact.ts';
import { examples, limitOption, markdownOption, onDatabase, sinceOption } from '../arguments.ts';
import { operationReport } from '../latency-report.ts';
import { withDatabase } from '../open-database.ts';
import { latencyColumns, releaseColumns, TREND } from '../output/columns.ts';
import { safeJson } from '../output/escape.ts';
import { printReport, printRows } from '../output/report.ts';
import type { Column } from '../output/table.ts';
import { note, print } from '../output/terminal.ts';

interface Flags {
  dir?: string;
  json?: boolean;
  md?: boolean;
  by?: 'release';
  since: Date;
  kind?: OperationKind;
  service?: string;
  limit: number;
}

/** Looked through where nothing was found. */
const MOST_OPERATIONS = 10_000;

type Query = LatencyQuery & { until: Date };

export function register(program: Command): void {
  const command = program
    .command('latency')
    .description('show count, error share and percentiles per operation; what took most time in all comes first')
    .argument('[operation]', 'one in detail: distribution, traces, slowest calls ("/dogs/:id" or "GET /dogs/:id")')
    .addOption(sinceOption('1h'))
    .addOption(new Option('--by <what>', 'a row for each release, beside the one before').choices(['release']))
    .addOption(new Option('--kind <kind>').choices(['server', 'client', 'db', 'messaging', 'internal']))
    .option('--service <name>', 'of one service')
    .addOption(limitOption(50))
    .addOption(markdownOption());
  examples(
    onDatabase(command),
    'rowtrace latency --since 24h --kind server',
    'rowtrace latency --by release --since 7d',
    "rowtrace latency 'GET /dogs/:id' --since 24h",
    'rowtrace latency --json',
  );
  command.action(run);
}

async function run(operation: string | undefined, { dir, json, md, by, ...filter }: Flags): Promise<void> {
  const options = loadOptions({ dir });
  const query = { ...filter, operation, until: new Date() };
  if (by === 'release') {
    const rows = await withDatabase(options, (db) => latencyByRelease(db, options.schema, query));
    if (rows.length === 0 && !json) return nothing(query, options);
    return show(rows, releaseColumns(), { json, md });
  }
  if (operation !== undefined) return detail({ ...query, operation }, options, { json, md });
  const rows = await withDatabase(options, (db) => latencyByOperation(db, options.schema, query));
  if (rows.length === 0 && !json) return nothing(query, options);
  show(rows, [...latencyColumns(), TREND], { json, md });
}

function show<Row>(rows: Row[], columns: Column<Row>[], { json, md }: Pick<Flags, 'json' | 'md'>): void {
  if (json) print(safeJson(rows, 2));
  else printRows('Latency', rows, columns, md);
}

async function detail(
  query: Query & { operation: string },
  options: Options,
  { json, md }: Pick<Flags, 'json' | 'md'>,
): Promise<void> {
  const { schema } = options;
  const { distribution, ...rest } = await withDatabase(options, async (db) => ({
    operation: query.operation,
    operations: await latencyByOperation(db, schema, query),
    distribution: await distributionOf(db, schema, query),
    exemplars: await exemplarsOf(db, schema, { ...query, limit: 500 }),
    calls: await slowestCalls(db, schema, { ...query, limit: 10 }),
  }));
  if (json) return print(safeJson({ ...rest, distribution: distribution ?? null }, 2));
  if (distribution === undefined) return nothing(query, options);
  const report = operationReport({ ...rest, distribution });
  printReport(report, md);
}

/** Whether it is the time or the name. */
async function nothing({ since, until, service, operation }: Query, options: Options): Promise<void> {
  const all = await withDatabase(options, (db) =>
    latencyByOperation(db, options.schema, { since, until, limit: MOST_OPERATIONS }),
  );
  const services = [...new Set(all.map((row) => row.service))].sort();
  if (all.length === 0)
    note('no latencies in that time; they are collected once a minute, look further back with --since 24h');
  else if (service !== undefined && !services.includes(service))
    note(`no latencies of a service ${service} in that time; there are some of: ${services.join(', ')}`);
  else if (operation !== undefined)
    note(`no operation ${operation} in that time; \`rowtrace latency\` without one lists those that there are`);
  else note('no latencies of that kind in that time; `rowtrace latency` without --kind lists those that there are');
}
