// The database a command works on: ROWTRACE_DATABASE_URL, else the embedded one behind its owner. Whichever it is, what
// the journals held when the command began goes in first, as far as a bounded time allows.

import { join } from 'node:path';
import { createPostgresSink } from '../../exporters/postgres/index.ts';
import { recordRules } from '../deliver/rules.ts';
import { Shipper } from '../deliver/shipper.ts';
import { RowtraceError } from '../errors.ts';
import { isProvenOrphan } from '../journal/adopt.ts';
import { listJournals } from '../journal/layout.ts';
import { maskSecret, type Options } from '../options/options.ts';
import { checkSchema } from '../store/check-schema.ts';
import type { Db } from '../store/db.ts';
import { migrate } from '../store/migrate.ts';
import { openPostgres } from '../store/postgres.ts';
import { archiveOf, rowOptions } from '../thread-options.ts';
import { explainDatabaseError } from './explain-error.ts';
import { note, withProgress } from './output/terminal.ts';
import { type Applied, appliedOf } from './owner/applied.ts';
import { connectOwner } from './owner/connect.ts';
import { pendingJournals, waitUntilShipped } from './pending.ts';

const EMBEDDED_WAIT_MILLIS = 3_000;
const ORPHANS_WAIT_MILLIS = 10_000;

/**
 * @param mayMigrate where the command is no mere look: a newer package on somebody's own machine would take the tables from
 * the older processes that are to start on them (RT_SCHEMA_NEWER), and a wrong URL get a schema
 * @throws RowtraceError
 */
export async function openDatabase(options: Options, mayMigrate = false): Promise<Db> {
  if (options.databaseUrl === undefined) return openEmbedded(options);
  const db = openPostgres(options.databaseUrl, { max: 2, applicationName: 'rowtrace cli' });
  try {
    await prepareSchema(db, options, mayMigrate);
    await shipOrphans(options);
    return db;
  } catch (error) {
    await db.close().catch(() => {});
    throw explainDatabaseError(error, options);
  }
}

/** Runs `work` on the database and closes it; errors come out explained. */
export async function withDatabase<T>(options: Options, work: (db: Db) => Promise<T>, mayMigrate = false): Promise<T> {
  const db = await openDatabase(options, mayMigrate);
  try {
    return await work(db);
  } catch (error) {
    throw explainDatabaseError(error, options);
  } finally {
    await db.close().catch(() => {});
  }
}

/** The embedded database, where rows of this process go there; its owner as it is, or with these options. @throws RowtraceError */
export async function openOwner({ dir, endpoint }: Options, applied?: Applied): Promise<Db> {
  if (endpoint !== undefined) throw new RowtraceError('RT_ENDPOINT_READ', [maskSecret(endpoint)]);
  return withProgress('starting the embedded database …', connectOwner(dir, { ...(applied && { applied }) }));
}

async function openEmbedded(options: Options): Promise<Db> {
  const { dir } = options;
  const then = pendingJournals(dir, 'owner');
  const db = await openOwner(options, appliedOf(options));
  const left = pendingJournals(dir, 'self').size;
  if (left > 0)
    note(
      `${left} journal${left > 1 ? 's wait' : ' waits'} for the database or receiver of a process that ended: the next process or command with its ROWTRACE_DATABASE_URL (or ROWTRACE_ENDPOINT) stores what ${left > 1 ? 'they hold' : 'it holds'}`,
    );
  const behind = await withProgress(
    'storing what the journals hold …',
    waitUntilShipped(dir, then, EMBEDDED_WAIT_MILLIS),
  );
  if (behind > 0)
    note(
      `${behind} journal${behind > 1 ? 's are' : ' is'} still being stored; later rows are missing here (${join(dir, 'owner.log')} says why, if that goes on)`,
    );
  return db;
}

async function prepareSchema(db: Db, options: Options, mayMigrate: boolean): Promise<void> {
  const { schema, columns, dir } = options;
  // Promoted columns are for those who write.
  const { state, newer } = await checkSchema(db, schema, mayMigrate ? columns : {});
  if (state === 'ok') return;
  if (state === 'newer') throw new RowtraceError('RT_SCHEMA_NEWER', [schema, newer]);
  // A script that ended before it had made the tables was to make them.
  const isDue = mayMigrate || (state === 'missing' && (await countOrphans(dir)) > 0);
  if (!options.migrate || !isDue) throw new RowtraceError('RT_SCHEMA_MISSING', [schema]);
  await withProgress('migrating the database …', migrate(db, { schema, columns }));
}

/** What dead processes left in the folder; the living ship for themselves. */
async function shipOrphans(options: Options): Promise<void> {
  const { dir, databaseUrl, columns, fingerprintRules } = options;
  if ((await countOrphans(dir)) === 0) return;
  const open = async () => openPostgres(databaseUrl!, { max: 1, applicationName: 'rowtrace cli' });
  const sink = createPostgresSink({
    open,
    ...rowOptions(options),
    migrate: false,
    database: databaseUrl,
  });
  const rules = recordRules(columns, fingerprintRules);
  const shipper = new Shipper({
    dir,
    mode: 'self',
    sink,
    rules,
    archive: archiveOf(options),
    onProblem: note,
    holdMillis: 0,
  });
  shipper.start();
  const done = await withProgress('storing what ended processes left …', flushOrphans(dir, shipper));
  await shipper.close();
  if (!done) note('not all of what ended processes left is stored yet; the next command goes on with it');
}

/** A flush is of what is followed when it begins, which is a few of many. */
async function flushOrphans(dir: string, shipper: Shipper): Promise<boolean> {
  const deadline = performance.now() + ORPHANS_WAIT_MILLIS;
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    if (!(await shipper.flush(deadline - performance.now()))) return false;
    const left = await countOrphans(dir);
    if (left === 0 || left >= before) return left === 0;
    before = left;
  }
}

async function countOrphans(dir: string): Promise<number> {
  const orphans = await Promise.all(listJournals(dir).map(isProvenOrphan));
  return orphans.filter((isOrphan) => isOrphan).length;
}
