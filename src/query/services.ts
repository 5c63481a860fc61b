// Which services have issues? By name, the first hundred.

import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';

export async function servicesWithIssues(db: Queryable, schema: string): Promise<string[]> {
  const rows = await db.query<{ service: string }>(
    `select service from ${quoteName(schema)}.services order by service limit 100`,
  );
  return rows.map(({ service }) => service);
}
