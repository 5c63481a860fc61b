// `rowtrace trace <id>`: what did one request do, in all services, and where did it fail first?

import type { Command } from 'commander';
import { RowtraceError } from '../../errors.ts';
import { loadOptions } from '../../options/options.ts';
import { readTrace, type TraceStep } from '../../query/trace.ts';
import { isAtLeast } from '../../record/level.ts';
import { examples, type ListFlags, noteLimit, onList, sinceOption } from '../arguments.ts';
import { withDatabase } from '../open-database.ts';
import { tableBlock } from '../output/blocks.ts';
import { safeJson } from '../output/escape.ts';
import { latency, levelStyle, shortTime } from '../output/format.ts';
import { printReport } from '../output/report.ts';
import type { Column } from '../output/table.ts';
import { print } from '../output/terminal.ts';

export function register(program: Command): void {
  const command = program
    .command('trace')
    .description('show one request across services: its errors, slow spans and kept calls, in the order of time')
    .argument('<id>', 'trace id, request id (x-request-id of an answer), or the id of an event')
    .addOption(sinceOption('7d'));
  examples(
    onList(command, 200),
    'rowtrace trace 0e9cfbd2a1c34f6b8d7e5f4a3b2c1d00',
    'rowtrace trace 1a209dc1-e328-4777-ba90-667634ee0542 --md',
  ).addHelpText('after', '\nOf calls that were neither failed nor slow a share is kept (option callSampleRate).');
  command.action(run);
}

async function run(id: string, { dir, json, md, since, limit }: ListFlags, command: Command): Promise<void> {
  const options = loadOptions({ dir });
  const steps = await withDatabase(options, (db) => readTrace(db, options.schema, { id, since, limit }));
  const [first] = steps;
  if (first === undefined)
    throw new RowtraceError('RT_NOT_FOUND', [
      `trace, request or event ${id} since ${shortTime(since)} (--since looks further back)`,
    ]);
  if (json) return print(safeJson(steps, 2));
  const failed = steps.find(({ level }) => level !== null && isAtLeast(level, 'ERROR'));
  const report = {
    title: `Trace ${[...new Set(steps.map(({ trace_id }) => trace_id))].join(', ')}`,
    headline: '',
    blocks: [
      {
        kind: 'facts' as const,
        facts: [
          ['begins', shortTime(first.at)],
          ['services', distinct(steps, ({ service }) => service)],
          ['users', distinct(steps, ({ user_id }) => user_id)],
          ['first error', failed && [failed.service, failed.issue, wordsOf(failed)].filter(Boolean).join('  ')],
        ] as const,
      },
      tableBlock('In the order of time', steps, columns(first.at)),
    ],
  };
  printReport(report, md);
  noteLimit(command, steps.length);
}

function distinct(steps: readonly TraceStep[], of: (step: TraceStep) => string | null): string {
  return [...new Set(steps.map(of).filter((value) => value !== null))].join(', ');
}

function wordsOf({ kind, error_type, what }: TraceStep): string {
  const isSaid = kind !== 'row' || error_type === null || what.startsWith(`${error_type}: `);
  return (isSaid ? what : `${error_type}: ${what}`).split('\n')[0]!;
}

function columns(begin: Date): Column<TraceStep>[] {
  return [
    { title: 'AFTER', value: ({ at }) => latency(at.getTime() - begin.getTime()), align: 'right' },
    // What tells services of a monorepo apart is behind the scope; the facts have it.
    { title: 'SERVICE', value: ({ service }) => service.replace(/^@[^/]+\//, ''), min: 8 },
    {
      title: 'KIND',
      value: ({ kind, level }) => level ?? kind,
      style: ({ level }) => (level === null ? undefined : levelStyle(level)),
    },
    { title: 'WHAT', value: wordsOf, min: 20 },
    { title: 'STATUS', value: ({ http_status }) => http_status, align: 'right', drop: 2 },
    {
      title: 'TOOK',
      value: ({ kind, latency_ms }) => (kind === 'row' ? '' : latency(latency_ms)),
      align: 'right',
      drop: 1,
    },
    { title: 'ISSUE', value: ({ issue }) => issue },
  ];
}
