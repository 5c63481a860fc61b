// Brings the schema up to this version: applies the numbered migrations and the promoted columns that are missing, all
// in one transaction, one starter at a time. Needs no superuser; a role that owns an existing schema will do.

import { RowtraceError } from '../errors.ts';
import type { PromotedColumns } from '../record/row.ts';
import type { Db, Queryable } from './db.ts';
import { quoteName } from './identifiers.ts';
import { type Migration, migrationFiles } from './migration-files.ts';
import { missingColumns } from './promoted-columns.ts';

export interface MigrateOptions {
  /** Default: "rowtrace". */
  schema?: string;
  columns?: PromotedColumns;
  /** Only say what would be done. */
  dryRun?: boolean;
}

export interface MigrationStep {
  /** "0001-error-logs", or "column vet_id integer on error_logs". */
  name: string;
  sql: string;
}

export interface AppliedMigration {
  id: number;
  name: string;
  checksum: string;
}

/** Postgres 14: column compression, and partitions that are attached without stopping writers. */
const OLDEST_SERVER = 140_000;

/** SQL_ASCII takes any bytes as they are, also those of UTF-8. */
const ENCODINGS: readonly string[] = ['UTF8', 'SQL_ASCII'];

/**
 * What the first `files` files make at once took versions before the first release 56 steps. Who has the last of them has all;
 * newer migrations are numbered from 57.
 */
export const BEFORE_RELEASE = {
  files: 17,
  last: { id: 56, checksum: '734c159b894c75dd1f60a1d4796ef6ef87e3267ac23764a9ae7337a0e3d19693' },
} as const;

/** An index on a promoted column of a large table takes its time. */
const STATEMENT_TIMEOUT_MILLIS = 30 * 60_000;

/**
 * Returns the steps that were applied (with `dryRun`: that would be), none when all is in place.
 *
 * @throws RowtraceError RT_SERVER_TOO_OLD, RT_DATABASE_ENCODING, RT_SCHEMA_NEWER, RT_SCHEMA_EDITED, RT_COLUMN_TYPE, RT_DATABASE_RIGHTS
 */
export async function migrate(db: Db, options: MigrateOptions = {}): Promise<MigrationStep[]> {
  const { schema = 'rowtrace', columns = {}, dryRun = false } = options;
  const quoted = quoteName(schema);
  const work = async (tx: Queryable) => {
    await checkServer(tx);
    // Held by the transaction and not by the session, since behind PgBouncer the session is not ours.
    if (!dryRun) await lock(tx, schema);
    const pending = pendingMigrations(schema, await appliedMigrations(tx, schema));
    const steps: MigrationStep[] = pending.map(({ name, sql }) => ({ name, sql: sql.replaceAll('{schema}', quoted) }));
    if (!dryRun) await apply(tx, schema, pending, steps);
    const added = await missingColumns(tx, schema, columns);
    if (!dryRun) for (const { sql } of added) await tx.query(sql);
    return [...steps, ...added];
  };
  try {
    return await db.transaction(work, { statementTimeoutMillis: STATEMENT_TIMEOUT_MILLIS });
  } catch (error) {
    if ((error as { code?: unknown }).code !== '42501') throw error;
    throw new RowtraceError('RT_DATABASE_RIGHTS', [(error as Error).message], { cause: error });
  }
}

export async function checkServer(tx: Queryable): Promise<void> {
  const [row] = await tx.query<{ number: number; version: string; encoding: string }>(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
       current_setting('server_encoding') as encoding`,
  );
  if (row!.number < OLDEST_SERVER) throw new RowtraceError('RT_SERVER_TOO_OLD', [row!.version]);
  // One character of a message that it does not have, and the row would be refused, the dead letter of it, too.
  if (!ENCODINGS.includes(row!.encoding)) throw new RowtraceError('RT_DATABASE_ENCODING', [row!.encoding]);
}

/** What is recorded as applied; undefined when there is no schema of ours yet. */
export async function appliedMigrations(tx: Queryable, schema: string): Promise<AppliedMigration[] | undefined> {
  const table = `${quoteName(schema)}.migrations`;
  const [found] = await tx.query<{ there: boolean }>('select pg_catalog.to_regclass($1) is not null as there', [table]);
  if (!found!.there) return undefined;
  const applied = await tx.query<AppliedMigration>(`select id, name, checksum from ${table} order by id`);
  const { last, files } = BEFORE_RELEASE;
  if (!applied.some(({ checksum }) => checksum === last.checksum)) return applied;
  return [...migrationFiles().filter(({ id }) => id <= files), ...applied.filter(({ id }) => id > last.id)];
}

/** @throws RowtraceError RT_SCHEMA_NEWER, RT_SCHEMA_EDITED */
function pendingMigrations(schema: string, applied: AppliedMigration[] = []): Migration[] {
  const files = migrationFiles();
  const known = new Map(files.map((file) => [file.id, file]));
  for (const { id, name, checksum } of applied) {
    const file = known.get(id);
    if (!file) throw new RowtraceError('RT_SCHEMA_NEWER', [schema, name]);
    if (file.checksum !== checksum) throw new RowtraceError('RT_SCHEMA_EDITED', [name, schema]);
  }
  const done = new Set(applied.map(({ id }) => id));
  return files.filter(({ id }) => !done.has(id));
}

async function lock(tx: Queryable, schema: string): Promise<void> {
  // Many processes may start at once, and the first of them works: wait for it, but not for a lock on a table in use.
  await tx.query(`set local lock_timeout = '60s'`);
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`rowtrace migrate ${schema}`]);
  await tx.query(`set local lock_timeout = '5s'`);
}

async function apply(tx: Queryable, schema: string, pending: Migration[], steps: MigrationStep[]): Promise<void> {
  if (pending.length === 0) return;
  const quoted = quoteName(schema);
  // "create schema if not exists" asks for the right to create one even where it exists.
  const [found] = await tx.query<{ there: boolean }>('select pg_catalog.to_regnamespace($1) is not null as there', [
    quoted,
  ]);
  if (!found!.there) await tx.query(`create schema ${quoted}`);
  await tx.query(
    `create table if not exists ${quoted}.migrations (
       id int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`,
  );
  for (const [at, { id, name, checksum }] of pending.entries()) {
    await tx.query(steps[at]!.sql);
    await tx.query(`insert into ${quoted}.migrations (id, name, checksum) values ($1, $2, $3)`, [id, name, checksum]);
  }
  await tx.query(`select ${quoted}.ensure_partitions()`);
}
