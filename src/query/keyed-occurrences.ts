// Which occurrences have which key, and which issue does it count for? For `regroup`: page by page, newest first.

import type { StoredEvent } from '../record/stored-event.ts';
import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';

export interface KeyedOccurrence extends StoredEvent {
  issue_id: number;
}

export interface IssueName {
  id: number;
  friendly_id: string;
  title: string;
  type: string | null;
}

const PAGE = 1_000;
const COLUMNS = [
  ...['fingerprint', 'fingerprint_version', 'message', 'message_template', 'stack_trace', 'error_type', 'error_code'],
  ...['error_message', 'service', 'tags'],
].map((name) => `o.${name}`);

/** At most `limit` rows; those below WARNING make no issues and are left out. */
export async function* keyedOccurrences(
  db: Queryable,
  schema: string,
  { since, limit }: { since: Date; limit: number },
): AsyncGenerator<KeyedOccurrence[]> {
  const quoted = quoteName(schema);
  // The place of the last row, its time as text: a Date would lose the microseconds.
  let [at, id] = ['infinity', 0];
  for (let left = limit; left > 0; left -= PAGE) {
    // The limit keeps it no join: the planner expects one row of a join by three columns, and reads and sorts them all.
    const rows = await db.query<KeyedOccurrence & { id: number; at: string }>(
      `select ${COLUMNS.join(', ')}, o.id, to_jsonb(o.created_at) #>> '{}' as at, k.issue_id
       from ${quoted}.error_logs o
       cross join lateral (
         select issue_id from ${quoted}.issue_keys k
         where k.service = o.service and k.fingerprint = o.fingerprint and k.version = o.fingerprint_version limit 1
       ) k
       where o.created_at >= $1 and o.level >= 'WARNING'
         and o.created_at <= $2::timestamptz and (o.created_at, o.id) < ($2::timestamptz, $3::bigint)
       order by o.created_at desc, o.id desc limit $4`,
      [since.toISOString(), at, id, Math.min(PAGE, left)],
    );
    if (rows.length === 0) return;
    yield rows;
    ({ at, id } = rows.at(-1)!);
  }
}

/** Names of issues by their ids. */
export function issueNames(db: Queryable, schema: string, ids: readonly number[]): Promise<IssueName[]> {
  const quoted = quoteName(schema);
  return db.query<IssueName>(
    `select i.id, s.key || '-' || i.number as friendly_id, i.title, i.type
     from ${quoted}.issues i join ${quoted}.services s on s.service = i.service
     where i.id in (select jsonb_array_elements_text($1::jsonb)::bigint)`,
    [JSON.stringify(ids)],
  );
}

/** Issues that have one of these keys already. */
export function issuesOfKeys(
  db: Queryable,
  schema: string,
  version: number,
  keys: readonly { service: string; fingerprint: string }[],
): Promise<{ service: string; fingerprint: string; issue_id: number }[]> {
  return db.query(
    `select k.service, k.fingerprint, k.issue_id
     from ${quoteName(schema)}.issue_keys k
     join jsonb_to_recordset($1::jsonb) as w (service text, fingerprint text)
       on w.service = k.service and w.fingerprint = k.fingerprint
     where k.version = $2`,
    [JSON.stringify(keys), version],
  );
}
