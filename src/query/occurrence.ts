// What happened this one time? A row by its event id, and the issue it counts for.

import { clampTime } from '../record/limits.ts';
import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';
import { millisOf } from '../util/uuid.ts';
import { LOG_COLUMNS, type LogEntry } from './recent-logs.ts';

export interface Occurrence extends LogEntry {
  /** null for rows below WARNING, which make no issue. */
  issue: { id: number; friendly_id: string } | null;
}

const MARGIN_MILLIS = 60_000;
const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

export async function getOccurrence(db: Queryable, schema: string, event_id: string): Promise<Occurrence | undefined> {
  if (!UUID.test(event_id)) return undefined;
  const quoted = quoteName(schema);
  const made = millisOf(event_id);
  const near = made !== undefined && made === clampTime(made).t ? await findRow(db, quoted, event_id, made) : undefined;
  const row = near ?? (await findRow(db, quoted, event_id));
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

/** @param near when it was captured, as its id says: one day is looked at, and not all that are kept */
async function findRow(db: Queryable, quoted: string, id: string, near?: number): Promise<LogEntry | undefined> {
  const day = near === undefined ? [] : [-1, 1].map((way) => new Date(near + way * MARGIN_MILLIS).toISOString());
  const [row] = await db.query<LogEntry>(
    `select ${LOG_COLUMNS} from ${quoted}.error_logs
     where event_id = $1 ${near === undefined ? '' : 'and created_at between $2 and $3'} order by created_at limit 1`,
    [id, ...day],
  );
  return row;
}
