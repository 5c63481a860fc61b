// A migrated database on each Postgres that the functions must be the same on: the newest and the oldest there are test
// packages of, and PGlite.

import type { Db } from '../../src/store/db.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { createTestDatabase, createTestPglite } from './database.ts';
import { startPostgresServer } from './postgres-server.ts';

export const SERVERS = ['postgres', 'postgres 14', 'pglite'] as const;

export async function openServer(server: (typeof SERVERS)[number]): Promise<{ db: Db; drop: () => Promise<void> }> {
  if (server === 'postgres') return createTestDatabase();
  if (server === 'pglite') {
    const db = await createTestPglite();
    return { db, drop: () => db.close() };
  }
  const oldest = await startPostgresServer('oldest');
  const db = openPostgres(oldest.url);
  const drop = async () => {
    await db.close();
    await oldest.stop();
  };
  try {
    await migrate(db);
  } catch (error) {
    await drop();
    throw error;
  }
  return { db, drop };
}
