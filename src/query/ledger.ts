// Does the account close? What each process accepted, and what became of it.

import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';

export interface LedgerEntry {
  process: string;
  service: string;
  host: string | null;
  pid: number | null;
  /** When the process reported last. */
  updated_at: Date;
  accepted: number;
  merged: number;
  stored: number;
  dead_lettered: number;
  /** By reason. */
  dropped: Record<string, number>;
  dropped_total: number;
  /** accepted − merged − stored − dead_lettered − dropped: still under way when the process reported. */
  pending: number;
}

/** Newest report first. */
export function readLedger(
  db: Queryable,
  schema: string,
  query: { since?: Date; limit?: number } = {},
): Promise<LedgerEntry[]> {
  return db.query<LedgerEntry>(
    `select process, service, host, pid, updated_at, accepted, merged, stored, dead_lettered, dropped,
       d.total as dropped_total, accepted - merged - stored - dead_lettered - d.total as pending
     from ${quoteName(schema)}.ledger
     cross join lateral (
       select coalesce(sum(value::text::bigint), 0)::bigint as total from jsonb_each(dropped)
     ) d
     where updated_at >= $1::timestamptz
     order by updated_at desc, process limit $2`,
    [(query.since ?? new Date(0)).toISOString(), query.limit ?? 100],
  );
}
