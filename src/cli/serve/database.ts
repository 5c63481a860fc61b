// The database beside a receiver: for its keys, and (embedded) so that its owner keeps running. In: options. Out: a way to
// the database when it is needed.

import { RowtraceError } from '../../errors.ts';
import type { Options } from '../../options/options.ts';
import type { Db } from '../../store/db.ts';
import { openPostgres } from '../../store/postgres.ts';
import { openDatabase } from '../open-database.ts';
import { note } from '../output/terminal.ts';
import { keepOwner } from '../owner/keep.ts';

export interface Background {
  schema: string;
  /** @throws when the embedded database did not start */
  database(): Promise<Db>;
  close(): Promise<void>;
}

/**
 * A database that is away now keeps no receiver from starting: what comes waits in the journal, as it does later.
 * @throws RowtraceError, where the configured database cannot be used: better said before anybody sends
 */
export async function openInBackground(options: Options): Promise<Background> {
  const { schema } = options;
  if (options.databaseUrl !== undefined) {
    const db = await openDatabase(options, true).catch((error) => openLater(error, options.databaseUrl!));
    return { schema, database: async () => db, close: () => db.close().catch(() => {}) };
  }
  const owner = keepOwner(options, note);
  return { schema, database: () => owner.database(), close: () => owner.stop() };
}

function openLater(error: unknown, databaseUrl: string): Db {
  if (!isAway(error)) throw error;
  note(`${(error as Error).message} Going on without it until it is back.`);
  return openPostgres(databaseUrl, { max: 2, applicationName: 'rowtrace cli' });
}

/** @param error explained */
export function isAway(error: unknown): boolean {
  return error instanceof RowtraceError && /^RT_DATABASE_(UNREACHABLE|SLOW)$/.test(error.code);
}
