// `rowtrace dead-letters`: records that the database refused. What is there, why, and then: once more, or away with it.

import { type Command, InvalidArgumentError } from 'commander';
import { discardDeadLetters, openTarget } from '../../../exporters/postgres/dead-letters.ts';
import { RowtraceError } from '../../errors.ts';
import { loadOptions, type Options } from '../../options/options.ts';
import {
  type DeadLetter,
  deadLettersAfter,
  existingDeadLetters,
  type KindOfDeadLetters,
  kindsOfDeadLetters,
  listDeadLetters,
  readDeadLetter,
} from '../../query/dead-letters.ts';
import type { Db } from '../../store/db.ts';
import {
  type DatabaseFlags,
  examples,
  type ListFlags,
  noteLimit,
  onDatabase,
  onList,
  onReport,
  type ReportFlags,
  sinceOption,
} from '../arguments.ts';
import { createReplay, type Replayed } from '../dead-letters/replay.ts';
import { EXIT } from '../exit-codes.ts';
import { withDatabase } from '../open-database.ts';
import { tableBlock } from '../output/blocks.ts';
import { safeJson } from '../output/escape.ts';
import { ago, count, isoDay, shortTime } from '../output/format.ts';
import { printReport } from '../output/report.ts';
import { type Column, renderTable } from '../output/table.ts';
import { note, print, terminalOf } from '../output/terminal.ts';

interface ManyFlags extends DatabaseFlags {
  all?: boolean;
}

/** Letters worked on between two looks at the list. */
const AT_ONCE = 500;
const SAY_EVERY_MILLIS = 2000;

export function register(program: Command): void {
  const command = program
    .command('dead-letters')
    .description('records that the database refused: list, show, replay or discard them');
  examples(command, 'rowtrace dead-letters', 'rowtrace dead-letters show 17', 'rowtrace dead-letters replay --all');

  const listing = command
    .command('list', { isDefault: true })
    .description('list them, newest first')
    .addOption(sinceOption('30d'))
    .option(
      '--kind <kind>',
      'log, count, amend, hist, call, ledger, row (of a queue), or line for what is no record at all',
    );
  onList(listing, 50).action(list);

  const showing = command
    .command('show')
    .description('show one with its reason and the record as it was')
    .argument('<id>', 'as the list shows it', parseId);
  onReport(showing).action(show);

  const replaying = command
    .command('replay')
    .description('deliver them once more by the rules of this version; what is refused again stays')
    .argument('[id...]', 'as the list shows them', parseIds)
    .option('--all', 'every one');
  onDatabase(replaying).action(replay);

  const discarding = command
    .command('discard')
    .description('throw them away; the ledger says so as dropped (discarded)')
    .argument('[id...]', 'as the list shows them', parseIds)
    .option('--all', 'every one');
  onDatabase(discarding).action(discard);
}

interface LettersFlags extends ListFlags {
  kind?: string;
}

async function list({ dir, json, md, ...query }: LettersFlags, command: Command): Promise<void> {
  const options = loadOptions({ dir });
  const { letters, kinds } = await withDatabase(options, async (db) => {
    const letters = await listDeadLetters(db, options.schema, query);
    return { letters, kinds: letters.length > 0 ? [] : await kindsOfDeadLetters(db, options.schema) };
  });
  if (json) return print(safeJson(letters, 2));
  if (letters.length === 0) return note(whyNone(kinds, query));
  const report = { title: 'Dead letters', headline: '', blocks: [tableBlock(undefined, letters, columns())] };
  printReport(report, md);
  noteLimit(command, letters.length);
}

/** Whether it is the time, the kind, or a clean house. */
function whyNone(all: readonly KindOfDeadLetters[], { since, kind }: Pick<LettersFlags, 'since' | 'kind'>): string {
  if (all.length === 0) return 'no dead letters';
  const older = all.filter((one) => kind === undefined || one.kind === kind);
  const of = kind === undefined ? '' : ` of kind ${kind}`;
  if (older.length === 0) return `no dead letters${of}; there are some of: ${all.map((one) => one.kind).join(', ')}`;
  const n = older.reduce((sum, one) => sum + one.count, 0);
  const newest = new Date(Math.max(...older.map((one) => one.newest.getTime())));
  const command = `rowtrace dead-letters${kind === undefined ? '' : ` --kind ${kind}`} --since ${isoDay(newest)}`;
  return `no dead letters${of} since ${shortTime(since)}; ${count(n)} ${n === 1 ? 'is' : 'are'} older, the newest ${ago(newest)}: ${command}`;
}

async function show(id: number, { dir, json, md }: ReportFlags): Promise<void> {
  const options = loadOptions({ dir });
  const letter = await withDatabase(options, (db) => readDeadLetter(db, options.schema, id));
  if (!letter) throw notFound(id);
  if (json) return print(safeJson(letter, 2));
  const report = {
    title: `Dead letter ${letter.id}`,
    headline: letter.reason,
    blocks: [
      {
        kind: 'facts' as const,
        facts: [
          ['kind', letter.kind],
          ['given up', `${shortTime(letter.created_at)} (${ago(letter.created_at)})`],
          ['service', letter.service],
          ['process', letter.process],
          ['event', letter.event_id],
          [
            'replay',
            letter.replayable ? `rowtrace dead-letters replay ${letter.id}` : 'not possible: its writer is not known',
          ],
        ] as const,
      },
      { kind: 'text' as const, title: 'Record', text: pretty(letter.raw) },
    ],
  };
  printReport(report, md);
}

async function replay(ids: number[] = [], { dir, json, all }: ManyFlags): Promise<void> {
  const options = loadOptions({ dir });
  const done: Replayed[] = [];
  const unknown = await withDatabase(options, async (db) => {
    const one = await createReplay(db, options);
    return eachLetter(db, options, ids, all, async (some) => {
      for (const id of some) done.push(await one(id));
      return done.length;
    });
  });
  const stored = done.filter(({ outcome }) => outcome === 'stored').length;
  const refused = done.filter(({ outcome }) => outcome === 'refused');
  if (refused.length > 0) process.exitCode = EXIT.problem;
  sayUnknown(unknown, ids);
  if (json) return print(safeJson({ stored, refused }, 2));
  print(`${letters(stored)} stored.`);
  if (refused.length === 0) return;
  print(`${letters(refused.length)} refused again; they stay:\n`);
  const shown: Column<Replayed>[] = [
    { title: 'ID', value: ({ id }) => id, align: 'right' },
    { title: 'REASON', value: ({ reason }) => reason, min: 20 },
  ];
  print(renderTable(refused.slice(0, 50), shown, terminalOf()));
}

async function discard(ids: number[] = [], { dir, json, all }: ManyFlags): Promise<void> {
  const options = loadOptions({ dir });
  let discarded = 0;
  const unknown = await withDatabase(options, async (db) => {
    const target = await openTarget(db, options.schema, options.columns);
    return eachLetter(db, options, ids, all, async (some) => {
      discarded += await discardDeadLetters(db, target, some);
      return discarded;
    });
  });
  sayUnknown(unknown, ids);
  if (json) return print(safeJson({ discarded }, 2));
  print(`${letters(discarded)} discarded.`);
}

/** The letters named, or all that there are when it begins, in portions. @returns those named that are not there */
async function eachLetter(
  db: Db,
  { schema }: Options,
  ids: readonly number[],
  all: boolean | undefined,
  work: (ids: readonly number[]) => Promise<number>,
): Promise<number[]> {
  if ((all ?? false) === ids.length > 0)
    throw new RowtraceError('RT_USAGE', [
      all ? 'Give ids or --all, not both.' : 'Give the ids of dead letters, or --all.',
    ]);
  if (!all) {
    const existing = await existingDeadLetters(db, schema, ids);
    await work(existing);
    return ids.filter((id) => !existing.includes(id));
  }
  const [newest] = await listDeadLetters(db, schema, { limit: 1 });
  let saidAt = performance.now();
  for (let after = 0; newest; ) {
    const some = (await deadLettersAfter(db, schema, after, AT_ONCE)).filter((id) => id <= newest.id);
    if (some.length === 0) break;
    const done = await work(some);
    after = some.at(-1)!;
    if (performance.now() - saidAt < SAY_EVERY_MILLIS) continue;
    saidAt = performance.now();
    note(`${count(done)} so far …`);
  }
  return [];
}

/** The others were dealt with; the exit code tells a script that these were not. */
function sayUnknown(unknown: readonly number[], ids: readonly number[]): void {
  if (unknown.length === 0) return;
  if (unknown.length === ids.length) throw notFound(unknown[0]!);
  note(`There ${unknown.length === 1 ? 'is no dead letter' : 'are no dead letters'} ${unknown.join(', ')}.`);
  process.exitCode ??= EXIT.notFound;
}

function columns(): Column<DeadLetter>[] {
  return [
    { title: 'ID', value: ({ id }) => id, align: 'right' },
    { title: 'GIVEN UP', value: ({ created_at }) => ago(created_at) },
    { title: 'KIND', value: ({ kind }) => kind },
    { title: 'SERVICE', value: ({ service }) => service, min: 8, drop: 2 },
    { title: 'REASON', value: ({ reason }) => reason, min: 20 },
    { title: 'RECORD', value: ({ raw }) => raw, min: 20, drop: 1 },
  ];
}

function notFound(id: number): RowtraceError {
  return new RowtraceError('RT_NOT_FOUND', [`dead letter ${id}`]);
}

function letters(n: number): string {
  return `${count(n)} dead letter${n === 1 ? '' : 's'}`;
}

/** Indented where it is JSON: it is read by a person. */
function pretty(raw: string): string {
  try {
    return JSON.stringify(JSON.parse(raw), null, 2);
  } catch {
    return raw;
  }
}

function parseId(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('Expected the number of a dead letter.');
  return Number(text);
}

function parseIds(text: string, before: number[] = []): number[] {
  return [...before, parseId(text)];
}
