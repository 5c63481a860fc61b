// What could not be stored, and why?

import type { ResourceFact } from '../record/fact.ts';
import { ROW_KINDS } from '../record/row.ts';
import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';

export interface DeadLetterCount {
  kind: string;
  reason: string;
  count: number;
  last_at: Date;
}

/** By kind and reason, the most frequent first. */
export function countDeadLetters(db: Queryable, schema: string): Promise<DeadLetterCount[]> {
  return db.query<DeadLetterCount>(
    `select kind, reason, count(*) as count, max(created_at) as last_at
     from ${quoteName(schema)}.dead_letters
     group by kind, reason
     order by count desc, kind, reason
     limit 100`,
  );
}

export interface KindOfDeadLetters {
  kind: string;
  count: number;
  newest: Date;
}

/** Of all times. */
export function kindsOfDeadLetters(db: Queryable, schema: string): Promise<KindOfDeadLetters[]> {
  return db.query<KindOfDeadLetters>(
    `select kind, count(*) as count, max(created_at) as newest from ${quoteName(schema)}.dead_letters
     group by kind order by kind`,
  );
}

export interface DeadLetter {
  id: number;
  created_at: Date;
  kind: string;
  reason: string;
  event_id: string | null;
  process: string | null;
  service: string | null;
  /** Accepted occurrences it stands for. */
  occurrences: number;
  /** The record as it was in the journal; in lists its beginning. */
  raw: string;
  /** Whether it can be delivered once more: its writer is known, or it is a row, which says that itself. */
  replayable: boolean;
}

export interface StoredDeadLetter extends DeadLetter {
  resource: ResourceFact | null;
}

const COLUMNS = `id, created_at, kind, reason, event_id::text, process, resource ->> 'service' as service, occurrences,
  resource is not null or kind in (${Object.keys(ROW_KINDS).map((kind) => `'${kind}'`)}) as replayable`;

/** Newest first. */
export function listDeadLetters(
  db: Queryable,
  schema: string,
  query: { since?: Date; kind?: string; limit?: number } = {},
): Promise<DeadLetter[]> {
  return db.query<DeadLetter>(
    `select ${COLUMNS}, left(raw, 200) as raw
     from ${quoteName(schema)}.dead_letters
     where created_at >= $1::timestamptz and ($2::text is null or kind = $2)
     order by id desc limit $3`,
    [(query.since ?? new Date(0)).toISOString(), query.kind ?? null, query.limit ?? 50],
  );
}

/** Oldest first, behind `after`: whoever works through all of them asks again with the last id. */
export function deadLettersAfter(db: Queryable, schema: string, after: number, limit: number): Promise<number[]> {
  return db
    .query<{ id: number }>(`select id from ${quoteName(schema)}.dead_letters where id > $1 order by id limit $2`, [
      after,
      limit,
    ])
    .then((rows) => rows.map(({ id }) => id));
}

export async function existingDeadLetters(db: Queryable, schema: string, ids: readonly number[]): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    `select id from ${quoteName(schema)}.dead_letters where id in (select value::bigint from json_array_elements_text($1::json))
     order by id`,
    [JSON.stringify(ids)],
  );
  return rows.map(({ id }) => id);
}

export async function readDeadLetter(db: Queryable, schema: string, id: number): Promise<StoredDeadLetter | undefined> {
  const [letter] = await db.query<StoredDeadLetter>(
    `select ${COLUMNS}, raw, resource from ${quoteName(schema)}.dead_letters where id = $1`,
    [id],
  );
  return letter;
}
