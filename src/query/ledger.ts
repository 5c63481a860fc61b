// Does the account close? What each process accepted, and what became of it.

import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';

/** accepted = stored + merged + aggregated + dead_lettered + dropped_total + pending. */
export interface LedgerSums {
  accepted: number;
  stored: number;
  /** Further carriers of an occurrence, and records that turned out to be part of another one. */
  merged: number;
  /** Came as a count and not as a row. */
  aggregated: number;
  dead_lettered: number;
  dropped_total: number;
  /** Still under way, as far as the database knows. */
  pending: number;
  /** False: more was settled than accepted, so something was counted twice. */
  closes: boolean;
}

export interface LedgerEntry extends LedgerSums {
  process: string;
  service: string;
  host: string | null;
  pid: number | null;
  /** When the process reported last. */
  updated_at: Date;
  /** When its last journal was stored to its end; null while more may come. */
  ended_at: Date | null;
  /** By reason; "lost" is what was accepted and is nowhere now that nothing of the process is left. */
  dropped: Record<string, number>;
}

const SUMS = ['accepted', 'stored', 'merged', 'aggregated', 'dead_lettered', 'dropped_total', 'pending'] as const;

/** Newest report first. */
export function readLedger(
  db: Queryable,
  schema: string,
  query: { since?: Date; limit?: number } = {},
): Promise<LedgerEntry[]> {
  return db.query<LedgerEntry>(
    `select process, service, host, pid, updated_at, ended_at, accepted, stored, merged, aggregated, dead_lettered,
       dropped, dropped_total, pending, closes
     from ${quoteName(schema)}.ledger_balance
     where updated_at >= $1::timestamptz
     order by updated_at desc, process limit $2`,
    [(query.since ?? new Date(0)).toISOString(), query.limit ?? 100],
  );
}

export interface LedgerTotal extends LedgerSums {
  processes: number;
  dropped: Record<string, number>;
}

/** All processes that reported since then, in sum. */
export async function sumLedger(db: Queryable, schema: string, since: Date = new Date(0)): Promise<LedgerTotal> {
  const sums = SUMS.map((name) => `coalesce(sum(${name}), 0)::bigint as ${name}`).join(', ');
  const [total] = await db.query<LedgerTotal>(
    `with entries as (select * from ${quoteName(schema)}.ledger_balance where updated_at >= $1::timestamptz)
     select count(*) as processes, ${sums}, coalesce(bool_and(closes), true) as closes,
       coalesce((
         select jsonb_object_agg(reason, count)
         from (
           select reason, sum(count::bigint) as count from entries cross join jsonb_each_text(dropped) as d (reason, count)
           group by reason
         ) r
       ), '{}') as dropped
     from entries`,
    [since.toISOString()],
  );
  return total!;
}
