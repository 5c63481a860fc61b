// A command's way to the embedded database: finds the owner that runs, or starts one, and connects to it with plain `pg`.
// Many commands may do this at once; the owner's lock decides whose owner it is.

import type { ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { RowtraceError } from '../../errors.ts';
import { type Identity, isWithinReach } from '../../journal/identity.ts';
import type { Db } from '../../store/db.ts';
import { openPostgres } from '../../store/postgres.ts';
import { ownRequire } from '../../util/own-files.ts';
import { VERSION } from '../../version.ts';
import { note } from '../output/terminal.ts';
import { type Address, makePrivate, readAddress } from './address.ts';
import { type Applied, goesBy } from './applied.ts';
import { lockHolder } from './lock.ts';
import { EXIT_NOT_OWNER } from './run.ts';
import { lastLogLine, spawnOwner } from './spawn.ts';

const POLL_MILLIS = 50;
/** First start: 2.5 s alone on a machine, several times that on a busy one. */
const START_TIMEOUT_MILLIS = 60_000;

export interface ConnectOptions {
  /** The options that the owner should go by. Default: whatever it goes by. */
  applied?: Applied;
  /** Whichever runs is taken, of another version, too: none is ended. */
  asItIs?: boolean;
  timeoutMillis?: number;
  isCancelled?: () => boolean;
}

/** @throws RowtraceError RT_EMBEDDED_FOLDER, RT_EMBEDDED_START, RT_EMBEDDED_HELD, RT_EMBEDDED_MISSING */
export async function connectOwner(dir: string, options?: ConnectOptions): Promise<Db> {
  return (await reachOwner(dir, options)).db;
}

/** As connectOwner, and says where it is. */
export async function reachOwner(
  dir: string,
  { applied, asItIs = false, timeoutMillis = START_TIMEOUT_MILLIS, isCancelled = () => false }: ConnectOptions = {},
): Promise<{ db: Db; address: Address }> {
  try {
    makePrivate(dir);
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new RowtraceError('RT_EMBEDDED_FOLDER', [dir, (error as Error).message], { cause: error });
  }
  const deadline = performance.now() + timeoutMillis;
  let child: ChildProcess | undefined;
  let ended: number | undefined;
  while (performance.now() < deadline && !isCancelled()) {
    const address = readAddress(dir);
    const db = address && (await dial(address));
    const isOurs = address?.version === VERSION;
    // One is ended, not more: a command with other options at the same time would end ours, and so on for ever.
    const isFit =
      ended === undefined ? applied === undefined || goesBy(address?.applied, applied) : address?.pid !== ended;
    if (db && (asItIs || (isOurs && isFit))) return { db, address: address! };
    if (db) {
      // An owner of another version: its migrations may be others. Of other options: it writes other rows. What it has is
      // in journals and database.
      if (ended === undefined && !(await endOwner(dir, address!.pid))) {
        if (isOurs) {
          note('the process that holds the embedded database has other options, and runs in another container; end it');
          return { db, address: address! };
        }
        await db.close();
        throw await heldBy(dir, `which is version ${address!.version}, not ${VERSION}`);
      }
      ended ??= address!.pid;
      await db.close();
    }
    if (child?.exitCode != null && child.exitCode !== 0 && child.exitCode !== EXIT_NOT_OWNER)
      throw new RowtraceError('RT_EMBEDDED_START', [dir, lastLogLine(dir)]);
    const isOver = child === undefined || child.exitCode !== null || child.signalCode !== null;
    if (isOver && (await lockHolder(dir)) === undefined && !isCancelled()) {
      requirePglite();
      child = spawnOwner(dir);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLIS));
  }
  throw await heldBy(dir, `which does not answer within ${Math.round(timeoutMillis / 1000)} s`);
}

/** It is an optional dependency: better said before a process is started that can only fail. */
function requirePglite(): void {
  try {
    ownRequire.resolve('@electric-sql/pglite');
  } catch (error) {
    throw new RowtraceError('RT_EMBEDDED_MISSING', [(error as Error).message.split('\n')[0]], { cause: error });
  }
}

/** Asks the owner to end; the next command starts another. @returns false when it is where no signal of ours reaches it */
export async function endOwner(dir: string, pid?: number): Promise<boolean> {
  const holder = await lockHolder(dir);
  if (holder === undefined) return true;
  if (!isWithinReach(holder)) return false;
  // Another one than was meant: somebody was faster.
  if (pid !== undefined && holder.pid !== pid) return true;
  try {
    process.kill(holder.pid, 'SIGTERM');
  } catch {
    // Gone already.
  }
  return true;
}

/** As endOwner, and waits until it has ended. */
export async function stopOwner(dir: string, timeoutMillis = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMillis;
  await endOwner(dir);
  while ((await lockHolder(dir)) !== undefined && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLIS));
}

function connectionOf(address: Address) {
  const { host, port, password } = address;
  return { host, port, user: 'postgres', database: 'postgres', ...(password ? { password } : {}) };
}

async function dial(address: Address): Promise<Db | undefined> {
  const db = openPostgres(connectionOf(address));
  try {
    await db.query('select 1');
    return db;
  } catch {
    await db.close().catch(() => {});
    return undefined;
  }
}

async function heldBy(dir: string, how: string): Promise<RowtraceError> {
  const holder: Identity | undefined = await lockHolder(dir);
  if (holder === undefined) return new RowtraceError('RT_EMBEDDED_START', [dir, how.replace('which', 'it')]);
  return new RowtraceError('RT_EMBEDDED_HELD', [dir, `process ${holder.pid} of host ${holder.hostname}, ${how}`]);
}
