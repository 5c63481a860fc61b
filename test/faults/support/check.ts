// Compares sets: what was promised with what lies in the tables. In: records as "producer:number". Out: sizes, what is lost,
// what is there twice, and whether the ledger of each process adds up.

import { readLedger } from '../../../src/query/ledger.ts';
import type { Db } from '../../../src/store/db.ts';
import type { Promised } from './producer.ts';
import type { Account } from './row.ts';

export interface Tables {
  /** One entry a row of error_logs. */
  rows: string[];
  deadLetters: string[];
  /** Rows that an issue counts (from WARNING up), and what issues do count. */
  countable: number;
  counted: number;
}

export async function readTables(db: Db): Promise<Tables> {
  const rows = await db.query<{ key: string }>(
    `select tags->>'producer' || ':' || (tags->>'seq') as key from rowtrace.error_logs where tags ? 'producer'`,
  );
  const dead = await db.query<{ raw: string }>('select raw from rowtrace.dead_letters');
  const [counts] = await db.query<{ countable: number; counted: number }>(
    `select (select count(*) from rowtrace.error_logs where level >= 'WARNING') as countable,
       (select coalesce(sum(count), 0)::bigint from rowtrace.issue_list) as counted`,
  );
  return { rows: rows.map(({ key }) => key), deadLetters: dead.map(({ raw }) => keyOf(raw)), ...counts! };
}

/** `dropped`: how many of the promised were dropped, as their processes counted. */
export function compare({ produced, promised }: Promised, tables: Tables, dropped = 0): Account {
  const stored = new Set(tables.rows);
  const dead = new Set(tables.deadLetters);
  const missing = [...promised].filter((key) => !stored.has(key) && !dead.has(key));
  const strangers = [...stored].filter((key) => !produced.has(key));
  if (strangers.length > 0) throw new Error(`rows that nobody produced: ${strangers.slice(0, 5)}`);
  const twice = tables.rows.length - stored.size + [...dead].filter((key) => stored.has(key)).length;
  return {
    promised: promised.size,
    produced: produced.size,
    stored: stored.size,
    dropped,
    lost: Math.abs(missing.length - dropped),
    missing,
    duplicates: twice + Math.abs(tables.counted - tables.countable),
  };
}

/** What does not add up in the ledger of these processes; nothing when all do. */
export async function ledgerProblem(db: Db, pids: readonly number[]): Promise<string | undefined> {
  const entries = await readLedger(db, 'rowtrace', { limit: 100_000 });
  for (const pid of pids) {
    const entry = entries.find((one) => one.pid === pid);
    if (!entry) return `no ledger of process ${pid}`;
    const [row] = await db.query<{ rows: number }>('select count(*) as rows from rowtrace.error_logs where pid = $1', [
      pid,
    ]);
    if (row!.rows !== entry.stored) return `process ${pid}: ${row!.rows} rows, the ledger says ${entry.stored}`;
    if (entry.pending !== 0) return `process ${pid}: ${entry.pending} of ${entry.accepted} records unaccounted for`;
  }
  return undefined;
}

function keyOf(raw: string): string {
  try {
    const { tags } = JSON.parse(raw);
    return `${tags.producer}:${tags.seq}`;
  } catch {
    return raw;
  }
}
