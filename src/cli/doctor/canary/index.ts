// `rowtrace doctor --canary`: an error through the real way, started as the application is; then its row is removed.

import { randomUUID } from 'node:crypto';
import { removeJournal } from '../../../journal/adopt.ts';
import type { Options } from '../../../options/options.ts';
import { removeCanary } from '../../../store/canary-rows.ts';
import { recordedEnvironment } from '../../application.ts';
import { openDatabase } from '../../open-database.ts';
import { isModuleFolder, type StartCommand } from '../start-command.ts';
import { Flight } from './flight.ts';
import type { Hop } from './hop.ts';
import { FLUSH_MILLIS, followCanary, type Journey, tableOptions } from './hops.ts';

export type { Hop } from './hop.ts';

export interface CanaryRequest {
  options: Options;
  /** How the application is started, as far as that is known. */
  command?: StartCommand | undefined;
  /** Whether Rowtrace is preloaded beside what the command says. */
  addPreload: boolean;
  folder: string;
  queue?: Journey['queue'];
  databaseUrl?: string | undefined;
  onHop: (hop: Hop) => void;
}

export interface CanaryResult {
  mark: string;
  hops: Hop[];
  /** The first hop that lost it; absent: it arrived. */
  lostAt?: string;
  /** Whether row and issue of it were removed again. */
  removed: boolean;
}

export async function flyCanary(request: CanaryRequest): Promise<CanaryResult> {
  const { options, command, folder, queue, databaseUrl, onHop } = request;
  const mark = randomUUID().slice(0, 8);
  const esm = command?.esm ?? isModuleFolder(folder);
  const env = environmentOf(request);
  const flight = new Flight({ mark, flags: command?.flags ?? [], env, esm, flushMillis: FLUSH_MILLIS });
  const { addPreload } = request;
  const journey = { options, flight, mark, esm, env, addPreload, queue, databaseUrl };
  const { hops, row } = await followCanary(journey, onHop).finally(() => flight.end());
  const lostAt = hops.find(({ state }) => state === 'problem')?.name;
  // It would arrive as soon as what is wrong is mended.
  if (lostAt !== undefined && row !== undefined) removeJournal(row.path);
  const where = tableOptions(journey);
  const removed = lostAt === undefined && row !== undefined && where !== undefined && (await remove(where, row));
  return { mark, hops, ...(lostAt && { lostAt }), removed };
}

function environmentOf({ options, command, addPreload }: CanaryRequest): NodeJS.ProcessEnv {
  // A NodeSDK says at this level that somebody registered before it.
  const env = { OTEL_LOG_LEVEL: 'error', ...process.env, ...command?.env };
  const flying = { ...(addPreload ? recordedEnvironment(env) : env), ROWTRACE_DIR: options.dir };
  // Its request is never answered, which is nothing to report.
  return { ...flying, ROWTRACE_STILL_RUNNING_FACTOR: '0' };
}

/** A role without the right to delete leaves the row, which says what it is. */
async function remove(where: Options, row: { eventId: string; createdAt: Date }): Promise<boolean> {
  try {
    const db = await openDatabase(where);
    await removeCanary(db, where.schema, row).finally(() => db.close());
    return true;
  } catch {
    return false;
  }
}
