// Rows of `rowtrace doctor --canary` in error_logs: found by their event, removed with their issue, which no other error has.

import type { Db } from './db.ts';
import { quoteName } from './identifiers.ts';

/** What is older nobody looks for: a row of an earlier canary, with a plan of these days alone. */
const KEPT_MILLIS = 30 * 86_400_000;

export interface CanaryRow {
  eventId: string;
  createdAt: Date;
}

export async function isStored(db: Db, schema: string, { eventId, createdAt }: CanaryRow): Promise<boolean> {
  const found = await db.query(
    `select from ${quoteName(schema)}.error_logs where event_id = $1 and created_at = $2::timestamptz`,
    [eventId, createdAt.toISOString()],
  );
  return found.length > 0;
}

/**
 * Removes the row, what earlier canaries left that nobody waited for, and their issues. Folding counts drops those of an
 * issue that is gone, so a writer at the same time does no harm.
 */
export async function removeCanary(db: Db, schema: string, { eventId }: CanaryRow): Promise<void> {
  const quoted = quoteName(schema);
  await db.transaction(async (tx) => {
    await tx.query(`select ${quoted}.begin_triage()`);
    await tx.query(
      `with gone as (
         delete from ${quoted}.error_logs
         where error_type = 'RowtraceCanary' and tags ? 'rowtrace.canary' and created_at > $2::timestamptz
           and (event_id = $1 or created_at < now() - interval '1 hour')
         returning service, fingerprint, fingerprint_version
       )
       delete from ${quoted}.issues i using ${quoted}.issue_keys k, gone g
       where k.issue_id = i.id and i.type = 'RowtraceCanary'
         and k.service = g.service and k.fingerprint = g.fingerprint and k.version = g.fingerprint_version`,
      [eventId, new Date(Date.now() - KEPT_MILLIS).toISOString()],
    );
  });
}
