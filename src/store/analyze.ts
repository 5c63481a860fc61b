// Statistics for the planner where nobody else makes them: a server with autovacuum off, a database that was just restored,
// PGlite. Without them `rowtrace issues --sort escalating` of 600,000 rows ran into the 8 s after which a command gives up, and
// took 1.4 s with them; those of the partitions alone are enough. Where autovacuum works there is nothing left to do here.

import type { Db } from './db.ts';
import { quoteName } from './identifiers.ts';

/** Small ones, too: it was 15 pages of issues and 17 of their keys that the plan depended on. */
const LEAST_PAGES = 1;
/** A sample of at most 30,000 pages a table, of a disk that may be slow. */
const TIMEOUT_MILLIS = 60_000;

/**
 * Looks at tables that doubled since somebody looked, the largest first. Others than their owner may not, and leave it.
 *
 * @returns how many there were, `most` at most
 */
export async function analyzeGrown(db: Db, schema: string, most = 1_000): Promise<number> {
  const grown = await db.query<{ name: string }>(
    `select c.relname::text as name
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     cross join lateral (
       select pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int as pages
     ) now
     where n.nspname = $1 and c.relkind = 'r' and c.relname ~ '^[a-z_][a-z0-9_]{0,40}$' and pg_catalog.pg_has_role(c.relowner, 'USAGE')
       and now.pages >= greatest(${LEAST_PAGES}, 2 * c.relpages)
     order by now.pages desc limit $2::int`,
    [schema, most],
  );
  // Another process may be at it.
  for (const { name } of grown)
    await db.transaction((tx) => tx.query(`analyze (skip_locked) ${quoteName(schema)}.${quoteName(name)}`), {
      statementTimeoutMillis: TIMEOUT_MILLIS,
    });
  return grown.length;
}
