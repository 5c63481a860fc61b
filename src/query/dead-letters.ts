// What could not be stored, and why?

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
