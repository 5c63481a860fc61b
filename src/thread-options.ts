// What the delivery thread needs to know, as data that can be posted to it.

import type { ThreadOptions } from './deliver/thread-protocol.ts';
import type { Options } from './options/options.ts';
import type { ResourceFact } from './record/fact.ts';

/** Where rows go. */
export type Target =
  | { to: 'postgres'; databaseUrl: string }
  | { to: 'receiver'; endpoint: string; apiKey?: string | undefined }
  | { to: 'queue'; url: string; queue: string; shard: number };

export interface SinkThreadOptions extends ThreadOptions {
  target: Target;
  schema: string;
  migrate: boolean;
  keepDays: Options['keepDays'];
  stormRows: number;
}

/** Nothing where neither a database nor a receiver is configured: then the owner of the embedded database ships. */
export function targetOf({ databaseUrl, endpoint, apiKey }: Options): Target | undefined {
  if (databaseUrl !== undefined) return { to: 'postgres', databaseUrl };
  return endpoint === undefined ? undefined : { to: 'receiver', endpoint, apiKey };
}

/** @param baselinesOf whose baselines the thread reads; absent: nobody's */
export function threadOptions(options: Options, target: Target, baselinesOf?: ResourceFact): SinkThreadOptions {
  const { dir, schema, columns, fingerprintRules, migrate, keepDays, stormRows } = options;
  const archive = archiveOf(options);
  const given = { dir, target, schema, columns, fingerprintRules, migrate, keepDays, stormRows, archive };
  if (baselinesOf === undefined) return given;
  const { service, environment } = baselinesOf;
  return { ...given, baselinesOf: { service, environment } };
}

/** What every sink of rows goes by, whoever opens the database. */
export function rowOptions({
  schema,
  columns,
  keepDays,
  stormRows,
}: Pick<Options, 'schema' | 'columns' | 'keepDays' | 'stormRows'>) {
  return { schema, columns, keepDays, stormRows };
}

export function archiveOf(
  options: Pick<Options, 'archive' | 'archiveDays' | 'archiveMaxBytes'>,
): ThreadOptions['archive'] {
  return options.archive ? { days: options.archiveDays, maxBytes: options.archiveMaxBytes } : undefined;
}
