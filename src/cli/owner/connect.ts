// A command's way to the embedded database: finds the owner that runs, or starts one, and connects to it with plain `pg`.
// Many commands may do this at once; the owner's lock decides whose owner it is.

import type { ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { RowtraceError } from '../../errors.ts';
import type { Db } from '../../store/db.ts';
import { openPostgres } from '../../store/postgres.ts';
import { VERSION } from '../../version.ts';
import { type Address, makePrivate, readAddress } from './address.ts';
import { lockHolder } from './lock.ts';
import { EXIT_NOT_OWNER } from './run.ts';
import { lastLogLine, spawnOwner } from './spawn.ts';

const POLL_MILLIS = 50;
/** First start: 2.5 s alone on a machine, several times that on a busy one. */
const START_TIMEOUT_MILLIS = 60_000;

/** @throws RowtraceError RT_EMBEDDED_START, RT_EMBEDDED_MISSING */
export async function connectOwner(
  dir: string,
  timeoutMillis = START_TIMEOUT_MILLIS,
  isCancelled = () => false,
): Promise<Db> {
  try {
    makePrivate(dir);
  } catch (error) {
    throw new RowtraceError('RT_EMBEDDED_START', [dir, (error as Error).message], { cause: error });
  }
  const deadline = performance.now() + timeoutMillis;
  let child: ChildProcess | undefined;
  let told = false;
  while (performance.now() < deadline && !isCancelled()) {
    const address = readAddress(dir);
    const db = address && (await dial(address));
    if (db && address.version === VERSION) return db;
    if (db) {
      // An owner of another version: its migrations may be others. What it has is in journals and database.
      await db.close();
      if (!told) endProcess(address.pid);
      told = true;
    }
    if (child?.exitCode != null && child.exitCode !== 0 && child.exitCode !== EXIT_NOT_OWNER)
      throw new RowtraceError('RT_EMBEDDED_START', [dir, lastLogLine(dir)]);
    const isOver = child === undefined || child.exitCode !== null || child.signalCode !== null;
    if (isOver && lockHolder(dir) === undefined) {
      requirePglite();
      child = spawnOwner(dir);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLIS));
  }
  throw new RowtraceError('RT_EMBEDDED_START', [dir, whyNot(dir, timeoutMillis)]);
}

/** It is an optional dependency: better said before a process is started that can only fail. */
function requirePglite(): void {
  try {
    createRequire(import.meta.url).resolve('@electric-sql/pglite');
  } catch (error) {
    throw new RowtraceError('RT_EMBEDDED_MISSING', [(error as Error).message.split('\n')[0]], { cause: error });
  }
}

/** Asks the owner to end; the next command starts another. */
export function endOwner(dir: string): void {
  const address = readAddress(dir);
  if (address) endProcess(address.pid);
}

/** As endOwner, and waits until it has ended. */
export async function stopOwner(dir: string, timeoutMillis = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMillis;
  endOwner(dir);
  while (lockHolder(dir) !== undefined && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLIS));
}

export function connectionOf(address: Address) {
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

function whyNot(dir: string, timeoutMillis: number): string {
  const holder = lockHolder(dir);
  const seconds = Math.round(timeoutMillis / 1000);
  if (holder === undefined) return `no answer within ${seconds} s`;
  return `process ${holder.pid} of host ${holder.hostname} holds it and does not answer; if that process is gone, remove ${holder.path}`;
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // Gone already.
  }
}
