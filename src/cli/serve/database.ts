// The database beside a receiver: for its keys, and (embedded) so that its owner keeps running. In: options. Out: a way to
// the database when it is needed.

import type { Options } from '../../options/options.ts';
import type { Db } from '../../store/db.ts';
import { openDatabase } from '../open-database.ts';
import { note } from '../output/terminal.ts';
import { keepOwner } from '../owner/keep.ts';

export interface Background {
  schema: string;
  /** @throws when the embedded database did not start */
  database(): Promise<Db>;
  close(): Promise<void>;
}

/** @throws RowtraceError, where the configured database cannot be used: better said before anybody sends */
export async function openInBackground(options: Options): Promise<Background> {
  const { schema } = options;
  if (options.databaseUrl !== undefined) {
    const db = await openDatabase(options);
    return { schema, database: async () => db, close: () => db.close().catch(() => {}) };
  }
  const owner = keepOwner(options, note);
  return { schema, database: () => owner.database(), close: () => owner.stop() };
}
