// Keeps the embedded owner running beside a process of ours that goes on for long.

import type { Db } from '../../store/db.ts';
import { type AppliedOptions, appliedOf } from './applied.ts';
import { connectOwner } from './connect.ts';

/** Below the time after which `pg` drops an idle connection: a client is what keeps the owner. */
const KEEP_MILLIS = 20_000;

/** Nobody waits for it, and whoever asked goes on without it. */
export function keepOwner(
  options: AppliedOptions & { dir: string },
  note: (message: string) => void,
): { db: Promise<Db | undefined>; stop(): Promise<void> } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const connected: Promise<Db | undefined> = connectOwner(options.dir, {
    applied: appliedOf(options),
    isCancelled: () => stopped,
  }).catch((error) => {
    if (!stopped) note(`${(error as Error).message} Rows wait in the journal.`);
    return undefined;
  });
  void connected.then((db) => {
    if (db && !stopped) timer = setInterval(() => void db.query('select 1').catch(() => {}), KEEP_MILLIS);
  });
  return {
    db: connected,
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await (await connected)?.close().catch(() => {});
    },
  };
}
