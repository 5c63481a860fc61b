// What the delivery thread needs to know, as data that can be posted to it.

import type { Options } from './options/options.ts';
import type { PromotedColumns } from './record/row.ts';

export interface ThreadOptions {
  dir: string;
  databaseUrl: string;
  schema: string;
  columns: PromotedColumns;
  migrate: boolean;
}

export function threadOptions(options: Options): ThreadOptions {
  const { dir, databaseUrl, schema, columns, migrate } = options;
  return { dir, databaseUrl: databaseUrl!, schema, columns, migrate };
}
