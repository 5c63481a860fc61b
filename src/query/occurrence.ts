// What happened this one time? A row by its event id, and the issue it counts for.

import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';
import { LOG_COLUMNS, type LogEntry } from './recent-logs.ts';

export interface Occurrence extends LogEntry {
  /** null for rows below WARNING, which make no issue. */
  issue: { id: number; friendly_id: string } | null;
}

const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

export async function getOccurrence(db: Queryable, schema: string, event_id: string): Promise<Occurrence | undefined> {
  if (!UUID.test(event_id)) return undefined;
  const quoted = quoteName(schema);
  const [row] = await db.query<LogEntry>(
    `select ${LOG_COLUMNS} from ${quoted}.error_logs where event_id = $1 order by created_at limit 1`,
    [event_id],
  );
  if (!row) return undefined;
  const [issue] = await db.query<{ id: number; friendly_id: string }>(
    `select i.id, s.key || '-' || i.number as friendly_id
     from ${quoted}.issue_keys k
     join ${quoted}.issues i on i.id = k.issue_id
     join ${quoted}.services s on s.service = i.service
     where k.service = $1 and k.fingerprint = $2 and k.version = $3 and $4::${quoted}.level >= 'WARNING'`,
    [row.service, row.fingerprint, row.fingerprint_version, row.level],
  );
  return { ...row, issue: issue ?? null };
}
