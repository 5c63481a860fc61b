// An application that logs an error in every turn of its event loop for ten seconds and then calls process.exit: how many
// rows a second reach Postgres, what does it take in memory, and where is the rest? Beside Rowtrace: errsole-postgres,
// @innova2/winston-pg, and pino piped into pino-postgres, each with its own table. Rounds interleaved. And beside the same loop
// psql's \copy of rows that are made already into our table: what any writer could bring there.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPostgresSink } from '../exporters/postgres/postgres-sink.ts';
import { recordRules } from '../src/deliver/rules.ts';
import { Shipper } from '../src/deliver/shipper.ts';
import type { Db } from '../src/store/db.ts';
import { migrate } from '../src/store/migrate.ts';
import { openPostgres } from '../src/store/postgres.ts';
import { median, spread, table } from './statistics.ts';
import { copyIn, copyOut, emptyTables, psql } from './write/copy.ts';
import { startBenchServer } from './write/server.ts';

const short = process.argv.includes('--short');
const ROUNDS = short ? 1 : 3;
const SECONDS = short ? 3 : 10;

/** Where each writes its rows; the table of the others is made by themselves, or here where they make none. */
const CASES = {
  rowtrace: 'select count(*) as rows from rowtrace.error_logs',
  errsole: 'select count(*) as rows from errsole_logs_v3',
  'winston-pg': 'select count(*) as rows from winston_logs',
  'pino-postgres': 'select count(*) as rows from logs',
} as const;
type Name = keyof typeof CASES;

interface Figures {
  perSecond: number;
  produced: number;
  memory: number;
  /** Neither in Postgres nor, for us, in the journal or counted. */
  missing: number;
  note: string;
}

const server = await startBenchServer();
const results = new Map<Name, Figures[]>();
/** Rows a second. */
const copies: number[] = [];
try {
  for (let round = 0; round < ROUNDS; round++)
    for (const name of Object.keys(CASES) as Name[])
      results.set(name, [
        ...(results.get(name) ?? []),
        await measure(name, `round_${round}_${name.replace('-', '_')}`),
      ]);
} finally {
  await server.stop();
}
print();

async function measure(name: Name, database: string): Promise<Figures> {
  const url = new URL(server.url);
  execFileSync('psql', ['-qX', server.url, '-c', `create database ${database}`]);
  url.pathname = `/${database}`;
  const db = openPostgres(url.href);
  const dir = mkdtempSync(join(tmpdir(), 'rowtrace-loop-'));
  try {
    if (name === 'rowtrace') {
      await migrate(db);
      await db.query('select rowtrace.ensure_partitions()');
    }
    if (name === 'pino-postgres')
      await db.query('create table logs (time timestamptz not null default now(), content jsonb)');
    const run = await runCase(name, url.href, dir);
    const perSecond = (await countRows(db, name)) / run.seconds;
    const figures = { perSecond, produced: run.produced, memory: run.memory };
    if (name === 'rowtrace') {
      const accounted = await account(db, url.href, dir, run.produced);
      copies.push(await copyBesideLoop(url.href, dir));
      return { ...figures, ...accounted };
    }
    const rows = await settled(db, name);
    return { ...figures, missing: run.produced - rows, note: '' };
  } finally {
    await db.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Run {
  produced: number;
  seconds: number;
  /** MB, of the application's process. */
  memory: number;
}

/** Comes back when the application's process has ended; what it is piped into may go on. */
async function runCase(name: Name, url: string, dir: string): Promise<Run> {
  const piped = name === 'pino-postgres';
  const said = join(dir, 'said.json');
  const child = spawn(
    '/bin/sh',
    [
      '-c',
      `exec "$0" "$@" 3>"${said}"`,
      process.execPath,
      join(import.meta.dirname, 'loop/case.ts'),
      name,
      url,
      String(SECONDS),
      dir,
    ],
    { stdio: ['ignore', piped ? 'pipe' : 'ignore', 'inherit'] },
  );
  if (piped) {
    const bin = createRequire(import.meta.url).resolve('pino-postgres');
    const sink = spawn(process.execPath, [bin, '--connection', url, '--max-connections', '2'], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    child.stdout!.pipe(sink.stdin!);
    sink.unref();
  }
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${name} ended with ${code}`);
  return JSON.parse(readFileSync(said, 'utf8'));
}

/** The rows that Rowtrace stored, once more, while the application logs into nothing. */
async function copyBesideLoop(url: string, dir: string): Promise<number> {
  const file = join(dir, 'rows.copy');
  const rows = Number(psql(url, 'select count(*) from rowtrace.error_logs').split('\n')[0]);
  copyOut(url, file);
  await emptyTables(url);
  const loop = spawn(process.execPath, [join(import.meta.dirname, 'loop/case.ts'), 'nothing', url, '600', dir], {
    stdio: 'ignore',
  });
  await once(loop, 'spawn');
  const perSecond = rows / copyIn(url, file);
  const ended = once(loop, 'exit');
  loop.kill('SIGKILL');
  await ended;
  return perSecond;
}

/** What the process left in its journal goes in now; then rows, counts and the ledger must make up all that was produced. */
async function account(db: Db, url: string, dir: string, produced: number): Promise<{ missing: number; note: string }> {
  const atExit = await countRows(db, 'rowtrace');
  const sink = createPostgresSink({ open: async () => openPostgres(url) });
  const shipper = new Shipper({ dir, mode: 'self', sink, rules: recordRules({}) });
  shipper.start();
  if (!(await shipper.flush(600_000))) throw new Error('the journal was not shipped in time');
  await shipper.close();
  const [ledger] = await db.query<{ stored: number; aggregated: number; dropped: number; merged: number }>(
    `select sum(stored)::int as stored, sum(aggregated)::int as aggregated, sum(merged)::int as merged,
      sum((select coalesce(sum(value::int), 0) from jsonb_each_text(dropped)))::int as dropped from rowtrace.ledger`,
  );
  const { stored, aggregated, dropped, merged } = ledger!;
  const rows = await countRows(db, 'rowtrace');
  if (rows !== stored) throw new Error(`${rows} rows, and the ledger says ${stored}`);
  const missing = produced - stored - aggregated - dropped - merged;
  return {
    missing,
    note: `at exit ${atExit}, from the journal ${rows - atExit}, aggregated ${aggregated}, dropped ${dropped}`,
  };
}

async function countRows(db: Db, name: Name): Promise<number> {
  const [row] = await db.query<{ rows: number }>(CASES[name]);
  return row!.rows;
}

/** Until two counts, a second apart, are the same. */
async function settled(db: Db, name: Name): Promise<number> {
  for (let known = -1; ; ) {
    const rows = await countRows(db, name);
    if (rows === known) return rows;
    known = rows;
    await new Promise((later) => setTimeout(later, 1_000));
  }
}

function print(): void {
  const of = (name: Name, field: 'perSecond' | 'produced' | 'memory' | 'missing') =>
    results.get(name)!.map((figures) => figures[field]);
  console.log(
    table(
      ['case', 'rows/s in Postgres', 'produced', 'memory MB', 'missing in the end', 'Rowtrace / this, paired'],
      [...results.keys()].map((name) => [
        name,
        spread(of(name, 'perSecond'), 0),
        spread(of(name, 'produced'), 0),
        spread(of(name, 'memory'), 0),
        spread(of(name, 'missing'), 0),
        median(of(name, 'perSecond').map((value, round) => of('rowtrace', 'perSecond')[round]! / value)).toFixed(2),
      ]),
    ),
  );
  console.log(`\\copy of the rows into error_logs, beside the same loop: ${spread(copies, 0)} rows/s`);
  for (const { note } of results.get('rowtrace')!) console.log(`rowtrace: ${note}`);
}
