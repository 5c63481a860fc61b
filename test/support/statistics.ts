// What the planner knows of the tables.

import type { Queryable } from '../../src/store/db.ts';

/** @returns tables of ours with rows of which it knows nothing */
export async function withoutStatistics(db: Queryable): Promise<string[]> {
  const tables = await db.query<{ name: string }>(
    `select relname::text as name from pg_class
     where relnamespace = 'rowtrace'::regnamespace and relkind = 'r' and reltuples = -1 and pg_relation_size(oid) > 0`,
  );
  return tables.map(({ name }) => name);
}
