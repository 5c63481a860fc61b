// The embedded owner: the one process that opens <dir>/pgdata. It migrates, ships the journals, serves the socket, and ends
// by itself when nobody needs it. Killed, it loses nothing: its successor takes over the lock and reads the journals on.

import { rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPostgresSink } from '../../../exporters/postgres/index.ts';
import { recordRules } from '../../deliver/rules.ts';
import { Shipper } from '../../deliver/shipper.ts';
import { isDead } from '../../journal/identity.ts';
import { listJournals } from '../../journal/layout.ts';
import { migrate } from '../../store/migrate.ts';
import { openPglite } from '../../store/pglite.ts';
import { archiveOf, rowOptions } from '../../thread-options.ts';
import { VERSION } from '../../version.ts';
import { chooseListen, makePrivate, readAddress, removeAddress, SOCKET_NAME, writeAddress } from './address.ts';
import { type AppliedOptions, appliedOf } from './applied.ts';
import { createBackend } from './backend.ts';
import { acquireLock } from './lock.ts';
import { serve } from './server.ts';
import { settler } from './settle.ts';

/** EX_TEMPFAIL: somebody else owns the folder. */
export const EXIT_NOT_OWNER = 75;
const LOOK_MILLIS = 500;

export interface OwnerOptions extends AppliedOptions {
  dir: string;
  /** How long it stays without client and without live journal. */
  idleMillis: number;
  /** How often what is new is synced to disk. */
  settleMillis: number;
  tcp?: boolean | undefined;
  log: (message: string) => void;
}

/** @returns the exit code, when it is over */
export async function runOwner(options: OwnerOptions): Promise<number> {
  const { dir, schema, columns, fingerprintRules, log } = options;
  makePrivate(dir);
  const lock = await acquireLock(dir);
  if (lock === undefined) return EXIT_NOT_OWNER;
  const { ended, end } = endingOfProcess();
  try {
    removeTraces(dir);
    const startedAt = performance.now();
    const backend = createBackend(await openPglite(join(dir, 'pgdata')));
    await migrate(backend.db, { schema, columns });
    const inner = createPostgresSink({
      open: async () => backend.db,
      ...rowOptions(options),
      database: dir,
    });
    const sink = { ...inner, settle: settler(join(dir, 'pgdata'), backend.db) };
    const rules = recordRules(columns, fingerprintRules);
    const { settleMillis } = options;
    const archive = archiveOf(options);
    const shipper = new Shipper({ dir, mode: 'owner', sink, rules, settleMillis, archive, onProblem: log });
    shipper.start();
    const listen = chooseListen(dir, options.tcp);
    // Whoever connects wants an answer: what the journals hold goes first, rows of requests that go on included.
    const onClient = () => void shipper.flush(5000, { releaseHeld: true });
    const onBroken = (error: unknown) => end({ code: 1, why: `the database failed: ${(error as Error)?.message}` });
    const server = await serve({ backend, listen, onClient, onBroken });
    const { port } = server;
    const password = 'password' in listen ? listen.password : undefined;
    const applied = appliedOf(options);
    writeAddress(dir, { pid: process.pid, version: VERSION, host: listen.host, port, applied, password });
    log(`serving ${dir} on ${listen.host} after ${Math.round(performance.now() - startedAt)} ms`);

    const isNeeded = () => server.clients > 0 || shipper.stats().pendingBytes > 0 || hasLiveJournal(dir);
    const over = await Promise.race([ended, untilUnneeded(isNeeded, () => lock.isHeld(), options.idleMillis)]);
    log(`ending: ${over.why}`);
    removeAddress(dir);
    await server.close();
    if (over.code === 0) await shipper.close();
    return over.code;
  } finally {
    lock.release();
  }
}

interface Ending {
  code: number;
  why: string;
}

/** Caught from the very start: a signal while PGlite opens must not leave half a database. */
function endingOfProcess(): { ended: Promise<Ending>; end: (ending: Ending) => void } {
  let end!: (ending: Ending) => void;
  const ended = new Promise<Ending>((resolve) => {
    end = resolve;
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end({ code: 0, why: signal }));
  return { ended, end };
}

async function untilUnneeded(isNeeded: () => boolean, isHeld: () => boolean, idleMillis: number): Promise<Ending> {
  let neededAt = performance.now();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_MILLIS, idleMillis)));
    // Somebody removed the folder: whatever is done in it now would disturb the next owner.
    if (!safely(isHeld)) return { code: 1, why: 'the lock is gone' };
    if (isNeeded()) neededAt = performance.now();
    else if (performance.now() - neededAt >= idleMillis) return { code: 0, why: 'nobody needs it' };
  }
}

function safely(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}

function hasLiveJournal(dir: string): boolean {
  return listJournals(dir).some(({ owner, closed }) => owner.shippedBy === 'owner' && !closed && !isDead(owner));
}

/**
 * What a killed predecessor left: its address, and the folder of its socket when that is a temporary one. Of a folder nothing
 * but the socket is removed: the application's own may lie below the temporary folder, too.
 */
function removeTraces(dir: string): void {
  const old = readAddress(dir);
  if (old?.host.startsWith(join(tmpdir(), 'rowtrace-'))) {
    rmSync(join(old.host, SOCKET_NAME), { force: true });
    try {
      rmdirSync(old.host);
    } catch {
      // Not empty, or not there.
    }
  }
  rmSync(join(dir, 'owner.json'), { force: true });
}
