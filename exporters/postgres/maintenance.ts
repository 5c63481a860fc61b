// What has to be done now and then beside the writing: folding issue counters and making partitions ahead. Best effort:
// reads are exact without a fold, and rows without a partition of their day go to the default one.

import type { Db } from '../../src/store/db.ts';

const PARTITIONS_EVERY_MILLIS = 3_600_000;
/** As much as fold_issue_deltas() takes at a time. */
const FOLD_AT_ONCE = 20_000;

export interface Maintenance {
  /** There is something to fold. */
  wrote(): void;
  stop(): Promise<void>;
}

/** @param schema quoted */
export function startMaintenance(db: Db, schema: string, everyMillis: number): Maintenance {
  // Another process may have left deltas behind.
  let unfolded = true;
  let partitionsAt = Number.NEGATIVE_INFINITY;
  let running = Promise.resolve();

  async function round(): Promise<void> {
    if (performance.now() - partitionsAt >= PARTITIONS_EVERY_MILLIS) {
      await db.query(`select ${schema}.ensure_partitions()`);
      partitionsAt = performance.now();
    }
    while (unfolded) {
      unfolded = false;
      const [row] = await db.query<{ folded: number }>(`select ${schema}.fold_issue_deltas(${FOLD_AT_ONCE}) as folded`);
      if (row!.folded >= FOLD_AT_ONCE) unfolded = true;
    }
  }

  let busy = false;
  const run = () => {
    if (busy) return;
    busy = true;
    // A failure is that of the next write as well, which reports it.
    running = round()
      .catch(() => {
        unfolded = true;
      })
      .finally(() => {
        busy = false;
      });
  };
  run();
  const timer = setInterval(run, everyMillis);
  timer.unref();
  return {
    wrote: () => {
      unfolded = true;
    },
    stop: () => {
      clearInterval(timer);
      return running;
    },
  };
}
