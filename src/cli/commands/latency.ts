// `rowtrace latency`: how fast is what? Of all operations, by release, or one in detail.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { loadOptions } from '../../options/options.ts';
import {
  type LatencyQuery,
  latencyByOperation,
  latencyByRelease,
  type OperationLatency,
  type ReleaseLatency,
} from '../../query/latency.ts';
import { distributionOf, exemplarsOf, slowestCalls } from '../../query/operation-latency.ts';
import type { OperationKind } from '../../record/fact.ts';
import type { Db } from '../../store/db.ts';
import { examples, furtherBack, type ListFlags, noteLimit, onList, sinceOption } from '../arguments.ts';
import { operationReport } from '../latency-report.ts';
import { withDatabase } from '../open-database.ts';
import { latencyColumns, releaseColumns, TREND } from '../output/columns.ts';
import { safeJson } from '../output/escape.ts';
import { printReport, printRows } from '../output/report.ts';
import type { Column } from '../output/table.ts';
import { note, print } from '../output/terminal.ts';

interface Flags extends ListFlags {
  by?: 'release';
  kind?: OperationKind;
  service?: string;
}

/** Looked through where nothing was found. */
const MOST_OPERATIONS = 10_000;

type Query = LatencyQuery & { until: Date };

type Format = Pick<Flags, 'json' | 'md'> & { whyNone: () => Promise<string>; noteLimit: (shown: number) => void };

export function register(program: Command): void {
  const command = program
    .command('latency')
    .description('show count, error share and percentiles per operation; what took most time in all comes first')
    .argument(
      '[operation]',
      'one in detail: distribution, traces, slowest calls ("/dogs/:id" or "GET /dogs/:id")',
      parseOperation,
    )
    .addOption(sinceOption('1h'))
    .addOption(new Option('--by <what>', 'a row for each release, beside the one before').choices(['release']))
    .addOption(new Option('--kind <kind>').choices(['server', 'client', 'db', 'messaging', 'internal']))
    .option('--service <name>', 'of one service');
  examples(
    onList(command, 50),
    'rowtrace latency --since 24h --kind server',
    'rowtrace latency --by release --since 7d',
    "rowtrace latency 'GET /dogs/:id' --since 24h",
    'rowtrace latency --json',
  );
  command.action(run);
}

function parseOperation(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Expected an operation as `rowtrace latency` shows it.');
  return text;
}

async function run(
  operation: string | undefined,
  { dir, json, md, by, ...filter }: Flags,
  command: Command,
): Promise<void> {
  const options = loadOptions({ dir });
  const { schema } = options;
  const query = { ...filter, operation, until: new Date() };
  await withDatabase(options, async (db) => {
    const format = {
      json,
      md,
      whyNone: () => whyNone(db, schema, query),
      noteLimit: (shown: number) => noteLimit(command, shown),
    };
    if (by === 'release') return show(await latencyByRelease(db, schema, query), releaseColumns(), format);
    if (operation !== undefined) return detail(db, schema, { ...query, operation }, format);
    return show(await latencyByOperation(db, schema, query), [...latencyColumns(), TREND], format);
  });
}

async function show<Rows extends OperationLatency[] | ReleaseLatency[]>(
  rows: Rows,
  columns: Column<Rows[number]>[],
  { json, md, whyNone, noteLimit }: Format,
): Promise<void> {
  if (json) return print(safeJson(rows, 2));
  if (rows.length === 0) return note(await whyNone());
  printRows('Latency', rows, columns, md);
  noteLimit(rows.length);
}

async function detail(
  db: Db,
  schema: string,
  query: Query & { operation: string },
  { json, md, whyNone }: Format,
): Promise<void> {
  const operations = await latencyByOperation(db, schema, query);
  const distribution = await distributionOf(db, schema, query);
  const exemplars = await exemplarsOf(db, schema, { ...query, limit: 500 });
  const calls = await slowestCalls(db, schema, { ...query, limit: 10 });
  const found = { operation: query.operation, operations, exemplars, calls };
  if (json) print(safeJson({ ...found, distribution: distribution ?? null }, 2));
  else if (distribution === undefined) note(await whyNone());
  else printReport(operationReport({ ...found, distribution }), md);
}

/** Whether it is the time or the name. */
async function whyNone(db: Db, schema: string, { since, until, service, operation }: Query): Promise<string> {
  const all = await latencyByOperation(db, schema, { since, until, limit: MOST_OPERATIONS });
  const services = [...new Set(all.map((row) => row.service))].sort();
  if (all.length === 0) return `no latencies in that time; they are collected once a minute${furtherBack(since)}`;
  if (service !== undefined && !services.includes(service))
    return `no latencies of a service ${service} in that time; there are some of: ${services.join(', ')}`;
  if (operation !== undefined)
    return `no operation ${operation} in that time; \`rowtrace latency\` without one lists those that there are`;
  return 'no latencies of that kind in that time; `rowtrace latency` without --kind lists those that there are';
}
