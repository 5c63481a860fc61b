// How fast do rows get into Postgres from one process over one connection, issues, counters, ledger and idempotency
// included? Beside it psql's \copy of the same rows, ready made in a file, into a table of the same shape, indexes and
// compression, which does nothing else. `sink`: rows in memory, encoded one batch ahead; `delivery`: facts in a journal, rules included; `replay`:
// every row is there already. Rounds interleaved; with lz4 on stack_trace and without.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPostgresSink } from '../exporters/postgres/postgres-sink.ts';
import { recordRules } from '../src/deliver/rules.ts';
import { Shipper } from '../src/deliver/shipper.ts';
import { emptyBatch, type Sink } from '../src/deliver/sink.ts';
import { openJournal } from '../src/journal/journal.ts';
import type { LogFact } from '../src/record/fact.ts';
import type { ErrorLogRow } from '../src/record/row.ts';
import { type MigrateOptions, migrate } from '../src/store/migrate.ts';
import { openPostgres } from '../src/store/postgres.ts';
import { median, spread, table } from './statistics.ts';
import { copyIn, copyOut, emptyTables } from './write/copy.ts';
import { errorFacts, RESOURCE } from './write/rows.ts';
import { startBenchServer } from './write/server.ts';

const short = process.argv.includes('--short');
const ROUNDS = short ? 2 : 7;
const ROWS = short ? 5_000 : 30_000;
const BATCH = 1_000;
const COLUMNS: MigrateOptions['columns'] = { dog_id: 'integer', clinic: 'text' };

const folder = mkdtempSync(join(tmpdir(), 'rowtrace-bench-'));
const server = await startBenchServer();
try {
  await run();
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const rules = recordRules(COLUMNS!);
  const facts = errorFacts(ROWS);
  const rows = facts.map((fact) => rules.log(fact, RESOURCE));
  const databases = { lz4: await makeDatabase('lz4'), pglz: await makeDatabase('pglz') };
  const file = join(folder, 'rows.copy');
  await sink(databases.lz4, rows);
  copyOut(databases.lz4, file);

  const figures = new Map<string, number[]>();
  const note = (name: string, seconds: number) => figures.set(name, [...(figures.get(name) ?? []), ROWS / seconds]);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [compression, database] of Object.entries(databases)) {
      await emptyTables(database);
      note(`${compression}: \\copy`, copyIn(database, file));
      await emptyTables(database);
      note(`${compression}: sink`, await sink(database, rows));
      note(`${compression}: replay`, await sink(database, rows));
      await emptyTables(database);
      note(`${compression}: delivery`, await delivery(database, facts, round));
    }
  }

  console.log(
    table(
      ['case', 'rows/s', 'to \\copy, paired by round', 'to \\copy without lz4'],
      [...figures].map(([name, values]) => [
        name,
        spread(values, 0),
        paired(values, figures.get(`${name.split(':')[0]}: \\copy`)!),
        paired(values, figures.get('pglz: \\copy')!),
      ]),
    ),
  );
}

function paired(values: readonly number[], others: readonly number[]): string {
  const ratios = values.map((value, round) => value / others[round]!);
  return `${median(ratios).toFixed(2)} [${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)}]`;
}

async function makeDatabase(compression: 'lz4' | 'pglz'): Promise<string> {
  execFileSync('psql', ['-qX', server.url, '-c', `create database ${compression}`]);
  const url = new URL(server.url);
  url.pathname = `/${compression}`;
  const db = openPostgres(url.href);
  await migrate(db, { columns: COLUMNS });
  await db.query('select rowtrace.ensure_partitions()');
  const [column] = await db.query<{ attcompression: string }>(
    `select attcompression from pg_attribute where attrelid = 'rowtrace.error_logs'::regclass and attname = 'stack_trace'`,
  );
  if (compression === 'lz4' && column!.attcompression !== 'l')
    console.log('This server has no lz4: both cases are pglz.');
  if (compression === 'pglz')
    await db.query(`do $$ declare part regclass; begin
      for part in select relid from pg_partition_tree('rowtrace.error_logs') loop
        execute format('alter table %s alter stack_trace set compression pglz', part);
      end loop;
    end $$`);
  await db.close();
  return url.href;
}

function openSink(url: string): Sink {
  return createPostgresSink({ open: async () => openPostgres(url, { max: 1 }), columns: COLUMNS });
}

async function sink(url: string, rows: readonly ErrorLogRow[]): Promise<number> {
  const target = openSink(url);
  await target.open();
  const start = performance.now();
  let writing: Promise<unknown> = Promise.resolve();
  for (let at = 0; at < rows.length; at += BATCH) {
    const batch = { ...emptyBatch(), logs: rows.slice(at, at + BATCH) };
    target.prepare?.(batch);
    await writing;
    writing = target.write(batch);
    // Delivery reads while a batch is on its way, in turns of the event loop.
    await new Promise((later) => setTimeout(later, 1));
  }
  await writing;
  const seconds = (performance.now() - start) / 1_000;
  await target.close();
  return seconds;
}

async function delivery(url: string, facts: readonly LogFact[], round: number): Promise<number> {
  const dir = join(folder, `journals-${round}`);
  mkdirSync(dir);
  const journal = openJournal({ dir, resource: RESOURCE, maxBytes: 2 ** 31, shippedBy: 'self' });
  for (const fact of facts) journal.append(fact);
  const own = journal.dir!;
  journal.close();
  const shipper = new Shipper({ dir, own, mode: 'self', sink: openSink(url), rules: recordRules(COLUMNS!) });
  const start = performance.now();
  shipper.start();
  if (!(await shipper.flush(120_000))) throw new Error('not delivered in time');
  const seconds = (performance.now() - start) / 1_000;
  const { stored } = shipper.stats();
  await shipper.close();
  rmSync(dir, { recursive: true, force: true });
  if (stored !== facts.length) throw new Error(`${stored} of ${facts.length} rows were stored`);
  return seconds;
}
