// Databases for tests: each test gets its own, cloned from a template that is migrated once per server. On a failed test
// the clone is kept (and goes with the server of the run), so that one can look into it with `npm test -- --keep`.

import { createHash, randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import pg from 'pg';
import type { Db, Queryable } from '../../src/store/db.ts';
import { migrate } from '../../src/store/migrate.ts';
import { migrationFiles } from '../../src/store/migration-files.ts';
import type { PgliteDb } from '../../src/store/pglite.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { until } from './journals.ts';
import { openTestPglite } from './pglite.ts';

export interface TestDatabase {
  /** Superuser URL of this database. */
  url: string;
  db: Db;
  /** Closes `db` and removes the database, whoever is still connected. */
  drop(): Promise<void>;
}

/** A migrated database (schema `rowtrace`, no promoted columns). */
export async function createTestDatabase(): Promise<TestDatabase> {
  return create(await template());
}

/** A database with nothing in it. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return create('template1');
}

/** A migrated PGlite in memory. */
export async function createTestPglite(): Promise<PgliteDb> {
  const db = await openTestPglite();
  await migrate(db);
  return db;
}

/** As createTestDatabase, dropped at the end of test `t` unless it failed. */
export async function databaseFor(t: TestContext, kind: 'migrated' | 'empty' = 'migrated'): Promise<TestDatabase> {
  const database = kind === 'empty' ? await createEmptyDatabase() : await createTestDatabase();
  t.after(async () => {
    if ((t as unknown as { passed: boolean }).passed) await database.drop();
    else await database.db.close();
  });
  return database;
}

/** The superuser URL of the test server, with another database, role or password where given. */
export function testServerUrl(change: { database?: string; user?: string; password?: string } = {}): string {
  const given = process.env.ROWTRACE_TEST_DATABASE_URL;
  if (!given) throw new Error('This test needs a Postgres server: run it as `npm test -- <path of the test file>`.');
  const url = new URL(given);
  if (change.database !== undefined) url.pathname = `/${change.database}`;
  if (change.user !== undefined) url.username = change.user;
  if (change.password !== undefined) url.password = change.password;
  return url.toString();
}

/** Runs statements outside a transaction (create database, create role) as the superuser. */
export async function asSuperuser<T>(work: (client: pg.Client) => Promise<T>, database?: string): Promise<T> {
  const client = new pg.Client({ connectionString: testServerUrl(database ? { database } : {}) });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function create(from: string): Promise<TestDatabase> {
  const name = `rowtrace_test_${randomBytes(6).toString('hex')}`;
  await asSuperuser((client) => client.query(`create database ${name} template ${from}`));
  const url = testServerUrl({ database: name });
  const db = openPostgres(url);
  const drop = async () => {
    await db.close();
    await asSuperuser((client) => client.query(`drop database if exists ${name} with (force)`));
  };
  return { url, db, drop };
}

/** Made by whichever test file comes first; named for the migrations, so that a server in use gets a new one for new ones. */
async function template(): Promise<string> {
  const version = createHash('sha256').update(JSON.stringify(migrationFiles())).digest('hex').slice(0, 12);
  const name = `rowtrace_template_${version}`;
  await asSuperuser(async (client) => {
    await client.query(`select pg_advisory_lock(hashtextextended('rowtrace test template', 0))`);
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount) return;
    // Migrated under another name: a template that exists is complete.
    await client.query(`drop database if exists ${name}_new with (force)`);
    await client.query(`create database ${name}_new`);
    const db = openPostgres(testServerUrl({ database: `${name}_new` }));
    await migrate(db).finally(() => db.close());
    await client.query(`alter database ${name}_new rename to ${name}`);
  });
  return name;
}

/** Until somebody waits for a lock in the database that `db` is of. */
export async function untilLocked(db: Queryable): Promise<void> {
  await until('somebody to wait for a lock', async () => {
    const [row] = await db.query<{ waits: boolean }>(
      "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waits",
    );
    return row!.waits;
  });
}
