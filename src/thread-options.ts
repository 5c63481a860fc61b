// What the delivery thread needs to know, as data that can be posted to it.

import type { ThreadOptions } from './deliver/thread-protocol.ts';
import type { Options } from './options/options.ts';

export interface SinkThreadOptions extends ThreadOptions {
  databaseUrl: string;
  schema: string;
  migrate: boolean;
}

export function threadOptions(options: Options, databaseUrl: string): SinkThreadOptions {
  const { dir, schema, columns, fingerprintRules, migrate } = options;
  return { dir, databaseUrl, schema, columns, fingerprintRules, migrate };
}
