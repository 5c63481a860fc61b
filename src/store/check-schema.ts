// How the schema in the database stands to this version of the code, for start and for `rowtrace doctor`.

import type { PromotedColumns } from '../record/row.ts';
import type { Queryable } from './db.ts';
import { quoteName } from './identifiers.ts';
import { appliedMigrations } from './migrate.ts';
import { migrationFiles } from './migration-files.ts';
import { missingColumns } from './promoted-columns.ts';

export interface SchemaState {
  /** `older`: migrations or promoted columns are missing; `newer`: the database knows migrations that the code does not. */
  state: 'ok' | 'missing' | 'older' | 'newer';
  /** The migration that makes it `newer`. */
  newer?: string;
  /** Names of migrations and promoted columns that are missing. */
  pending: string[];
  /** What was changed by other hands: one plain sentence each. */
  drift: string[];
}

/** All that the migrations make, without partitions. */
export const TABLES: readonly string[] = [
  ...['api_keys', 'dead_letters', 'error_counts', 'error_logs', 'http_calls', 'issue_deltas', 'issue_history'],
  ...[
    'issue_key_counts',
    'issue_key_hours',
    'issue_key_people',
    'issue_key_releases',
    'issue_key_routes',
    'issue_keys',
  ],
  ...['issues', 'latency_baselines', 'latency_days', 'latency_histograms', 'latency_hours', 'latency_late'],
  ...['latency_levels', 'ledger', 'migrations', 'occurrence_keys', 'releases', 'repeats', 'services'],
];

export async function checkSchema(tx: Queryable, schema: string, columns: PromotedColumns = {}): Promise<SchemaState> {
  const files = migrationFiles();
  const applied = await appliedMigrations(tx, schema);
  if (applied === undefined) return { state: 'missing', pending: files.map(({ name }) => name), drift: [] };

  const known = new Map(files.map((file) => [file.id, file]));
  const done = new Set(applied.map(({ id }) => id));
  const pending = files.filter(({ id }) => !done.has(id)).map(({ name }) => name);
  const drift = applied
    .filter(({ id, checksum }) => known.has(id) && known.get(id)!.checksum !== checksum)
    .map(({ name }) => `Migration ${name} was edited after it was applied.`);
  if (pending.length === 0) {
    drift.push(...(await missingTables(tx, schema)), ...(await foreignFunctions(tx, schema)));
    try {
      pending.push(...(await missingColumns(tx, schema, columns)).map(({ name }) => name));
    } catch (error) {
      drift.push((error as Error).message);
    }
  }
  const newer = applied.find(({ id }) => !known.has(id));
  if (newer) return { state: 'newer', newer: newer.name, pending, drift };
  return { state: pending.length > 0 ? 'older' : 'ok', pending, drift };
}

/** Where rows go whose day has no partition; without it they are refused. */
const DEFAULTS = [
  'error_counts',
  'error_logs',
  'http_calls',
  'latency_days',
  'latency_histograms',
  'latency_hours',
].map((table) => `${table}_default`);

async function missingTables(tx: Queryable, schema: string): Promise<string[]> {
  const rows = await tx.query<{ name: string }>(
    `select t.name from jsonb_array_elements_text($2::jsonb) as t (name)
     where pg_catalog.to_regclass(format('%I.%I', $1::text, t.name)) is null`,
    [schema, JSON.stringify([...TABLES, ...DEFAULTS])],
  );
  return rows.map(({ name }) => `Table ${name} is missing.`);
}

/** `alter schema … rename` leaves the name that stands in their text: nothing can be written then. */
async function foreignFunctions(tx: Queryable, schema: string): Promise<string[]> {
  const [found] = await tx.query<{ count: number }>(
    `select count(*) as count from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
     where n.nspname = $1 and p.proname = 'create_issues' and strpos(p.prosrc, $2) = 0`,
    [schema, `${quoteName(schema)}.issue_keys`],
  );
  return found!.count > 0 ? [`The functions of ${schema} are written for another name: the schema was renamed.`] : [];
}
