// Opens PGlite, Postgres in WebAssembly: a folder (or nothing: in memory) in, a Db and the instance itself out. The
// embedded owner puts a socket server in front of the instance. One process at a time may open a folder; the lock is the
// owner's. PGlite does no fsync: for development and demonstration.

import type { PGlite, PGliteOptions, Results } from '@electric-sql/pglite';
import { RowtraceError } from '../errors.ts';
import type { Db, Queryable, Statement } from './db.ts';
import { parseBigint } from './values.ts';

export interface PgliteDb extends Db {
  readonly pglite: PGlite;
}

const INT8 = 20;

/** @throws RowtraceError RT_EMBEDDED_MISSING when the optional package is not installed */
export async function openPglite(dir?: string, more: Pick<PGliteOptions, 'loadDataDir'> = {}): Promise<PgliteDb> {
  const { PGlite } = await loadPglite();
  const dataDir = dir === undefined ? {} : { dataDir: dir };
  return pgliteDb(await PGlite.create({ ...dataDir, ...more, parsers: { [INT8]: parseBigint } }));
}

/** The Db face of an instance that somebody else opened. */
function pgliteDb(pglite: PGlite): PgliteDb {
  const on = (target: Pick<PGlite, 'query' | 'exec'>): Queryable => ({
    query: async <Row>(text: string, values?: readonly unknown[]) => {
      const result = values ? await target.query(text, [...values]) : (await target.exec(text)).at(-1);
      return ((result as Results | undefined)?.rows ?? []) as Row[];
    },
  });
  return {
    kind: 'pglite',
    pglite,
    query: on(pglite).query,
    transaction: (work) =>
      pglite.transaction((tx) => {
        const { query } = on(tx as unknown as PGlite);
        const later = async (statements: readonly Statement[]) => {
          for (const { text, values } of statements) await query(text, values);
        };
        return work({ query, later });
      }),
    close: () => pglite.close(),
  };
}

async function loadPglite(): Promise<typeof import('@electric-sql/pglite')> {
  try {
    return await import('@electric-sql/pglite');
  } catch (error) {
    throw new RowtraceError('RT_EMBEDDED_MISSING', [(error as Error).message], { cause: error });
  }
}
