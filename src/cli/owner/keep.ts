// Keeps the embedded owner running beside a process of ours that goes on for long: a connection is held to it, and when that
// is lost another owner is started, or taken where somebody else has started one. Rows wait in the journal meanwhile.

import { createConnection } from 'node:net';
import { isAbsolute, join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import type { Db } from '../../store/db.ts';
import { type Address, SOCKET_NAME } from './address.ts';
import { type AppliedOptions, appliedOf } from './applied.ts';
import { reachOwner } from './connect.ts';

/** Whoever ended the owner on purpose is about to start one with its own options, and goes first. */
const FIRST_REST_MILLIS = 2_000;
/** A start costs seconds of processor: one that fails, or ends soon, is tried less and less often. */
const LONGEST_REST_MILLIS = 30_000;

export interface KeptOwner {
  /** Leads to whichever owner runs. Waits for the first. @throws when none has started yet */
  database(): Promise<Db>;
  /** Afterwards none is started, and none is kept. */
  stop(): Promise<void>;
}

/** @param note told of trouble and of its end, once each */
export function keepOwner(options: AppliedOptions & { dir: string }, note: (message: string) => void): KeptOwner {
  const stopping = new AbortController();
  const { signal } = stopping;
  let current: Db | undefined;
  let said: string | undefined;

  function say(text: string): void {
    if (signal.aborted || text === said) return;
    said = text;
    note(text);
  }

  /** @returns the owner that runs now, whose connections replace those to the one before */
  async function reach(isFirst: boolean): Promise<Address | undefined> {
    try {
      // Only the first may end one of other options: two that did so again would end each other's for ever.
      const goal = isFirst ? { applied: appliedOf(options) } : { asItIs: true };
      const { db, address } = await reachOwner(options.dir, { ...goal, isCancelled: () => signal.aborted });
      void current?.close().catch(() => {});
      current = db;
      if (said !== undefined) say('the embedded database runs again');
      return address;
    } catch (error) {
      say(`${(error as Error).message} Rows wait in the journal.`);
      return undefined;
    }
  }

  async function keep(first: Promise<Address | undefined>): Promise<void> {
    let restMillis = FIRST_REST_MILLIS;
    for (let reached = first; !signal.aborted; reached = reach(false)) {
      const address = await reached;
      const start = performance.now();
      if (address) {
        await untilLost(address, signal);
        say('the embedded database has ended, and is started again; rows wait in the journal');
      }
      if (performance.now() - start > LONGEST_REST_MILLIS) restMillis = FIRST_REST_MILLIS;
      await rest(restMillis, undefined, { signal }).catch(() => {});
      restMillis = Math.min(restMillis * 2, LONGEST_REST_MILLIS);
    }
    await current?.close().catch(() => {});
  }

  function running(): Db {
    if (current === undefined) throw new Error('the embedded database did not start');
    return current;
  }

  const first = reach(true);
  const kept = keep(first);
  const db: Db = {
    kind: 'postgres',
    query: async (text, values) => running().query(text, values),
    transaction: async (work, given) => running().transaction(work, given),
    // Of one of its users: the others go on.
    close: async () => {},
  };
  return {
    async database() {
      await first;
      running();
      return db;
    },
    async stop() {
      stopping.abort();
      await kept;
    },
  };
}

/** A client is what keeps the owner. This one asks nothing, so it waits for no other, and learns at once when the owner ends. */
async function untilLost({ host, port }: Address, signal: AbortSignal): Promise<void> {
  // A signal that has come already destroys the socket before it is connected, which brings it back to life.
  if (signal.aborted) return;
  const target = isAbsolute(host) ? { path: join(host, SOCKET_NAME) } : { host, port };
  await new Promise<void>((resolve) => {
    createConnection({ ...target, signal })
      .on('error', () => {})
      .on('close', () => resolve())
      .resume();
  });
}
