// Which releases were seen? Of all services, or of one.

import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';

/** `wanted` first, if there is such a one, then the newest of the others; ten at most. */
export async function knownReleases(
  db: Queryable,
  schema: string,
  { wanted, service }: { wanted: string; service: string | undefined },
): Promise<string[]> {
  const rows = await db.query<{ release: string }>(
    `select release from ${quoteName(schema)}.releases where $2::text is null or service = $2
     group by release order by release = $1 desc, max(first_seen) desc, release desc limit 10`,
    [wanted, service ?? null],
  );
  return rows.map(({ release }) => release);
}
