// What has to be done now and then beside the writing: folding issue counters, rolling latencies up, making partitions
// ahead and dropping old ones, forgetting expired occurrences and old repeats, statistics for the planner. Best effort: reads
// are exact without it, and rows without a partition of their day go to the default one.

import { analyzeGrown } from '../../src/store/analyze.ts';
import type { Db } from '../../src/store/db.ts';
import { quoteName } from '../../src/store/identifiers.ts';

const PARTITIONS_EVERY_MILLIS = 3_600_000;
/** After a failure: whoever reads all night (pg_dump) holds the lock that a new partition needs, and there are some ahead. */
const PARTITIONS_AGAIN_MILLIS = 60_000;
const ROLL_UP_EVERY_MILLIS = 60_000;
const ANALYZE_EVERY_MILLIS = 3_600_000;
const ANALYZE_AT_ONCE = 4;
/** As much as roll_up_latency() takes at a time, where a statement may take so long; else one. */
const HOURS_AT_ONCE = 6;
/** Of that one: merging takes 10 to 20 µs a row, an hour of a hundred processes and operations has 600,000. */
const HOUR_TIMEOUT_MILLIS = 30_000;
/** Of one round: months of minutes take an hour, and counts have to be folded meanwhile. */
const ROLL_UP_ROUND_MILLIS = 2_000;
/** As much as fold_issue_deltas() takes at a time. */
const FOLD_AT_ONCE = 20_000;
const EXPIRE_AT_ONCE = 5_000;
/** Longer than a batch that was committed can wait for being delivered once more, in a journal or a queue. */
const REPEATS_KEPT = '3 days';

export interface Maintenance {
  /** There is something to fold. */
  wrote(): void;
  stop(): Promise<void>;
}

/** Days that rows are kept; 0 or absent: for ever. */
export interface KeepDays {
  readonly errors?: number | undefined;
  readonly calls?: number | undefined;
  readonly minutes?: number | undefined;
  readonly hours?: number | undefined;
}

export function startMaintenance(db: Db, name: string, everyMillis: number, keepDays: KeepDays = {}): Maintenance {
  const schema = quoteName(name);
  // Another process may have left deltas behind.
  let unfolded = true;
  let partitionsAt = Number.NEGATIVE_INFINITY;
  let rolledUpAt = Number.NEGATIVE_INFINITY;
  let retainedAt = Number.NEGATIVE_INFINITY;
  let analyzedAt = Number.NEGATIVE_INFINITY;
  let hoursAtOnce = HOURS_AT_ONCE;
  let running = Promise.resolve();

  async function round(): Promise<void> {
    if (performance.now() - partitionsAt >= PARTITIONS_EVERY_MILLIS) {
      // Said before it is tried: what fails here must not keep each round from what comes behind it.
      partitionsAt = performance.now() - PARTITIONS_EVERY_MILLIS + PARTITIONS_AGAIN_MILLIS;
      await db.query(`select ${schema}.ensure_partitions()`);
      partitionsAt = performance.now();
    }
    await db.query(
      `delete from ${schema}.occurrence_keys where key in
        (select key from ${schema}.occurrence_keys where expires_at < now() limit ${EXPIRE_AT_ONCE} for update skip locked)`,
    );
    await db.query(
      `delete from ${schema}.repeats where (event_id, acceptance) in
        (select event_id, acceptance from ${schema}.repeats where noted_at < now() - interval '${REPEATS_KEPT}'
         limit ${EXPIRE_AT_ONCE} for update skip locked)`,
    );
    if (unfolded) await fold();
    if (performance.now() - rolledUpAt >= ROLL_UP_EVERY_MILLIS) await rollUp();
    if (performance.now() - retainedAt >= PARTITIONS_EVERY_MILLIS) await retain();
    if (performance.now() - analyzedAt >= ANALYZE_EVERY_MILLIS) await analyze();
  }

  /** A few a round, so that what comes before it is done meanwhile. */
  async function analyze(): Promise<void> {
    analyzedAt = performance.now();
    if ((await analyzeGrown(db, name, ANALYZE_AT_ONCE)) === ANALYZE_AT_ONCE) analyzedAt = Number.NEGATIVE_INFINITY;
  }

  /** What is written meanwhile waits for the next round: folding one batch at a time costs more than writing it. */
  async function fold(): Promise<void> {
    unfolded = false;
    for (let folded = FOLD_AT_ONCE; folded >= FOLD_AT_ONCE; ) {
      const [row] = await db.query<{ folded: number }>(`select ${schema}.fold_issue_deltas(${FOLD_AT_ONCE}) as folded`);
      folded = row!.folded;
    }
  }

  /** Dropping is the owner's right; a role that may only write leaves it to another. */
  async function retain(): Promise<void> {
    retainedAt = performance.now();
    const { errors = 0, calls = 0, minutes = 0, hours = 0 } = keepDays;
    // One kind a transaction: writers lock them in another order.
    for (const kinds of [
      [errors, 0, 0, 0],
      [0, calls, 0, 0],
      [0, 0, minutes, 0],
      [0, 0, 0, hours],
    ])
      if (kinds.some((days) => days > 0)) await dropByPortions(kinds);
  }

  async function dropByPortions(kinds: readonly number[]): Promise<void> {
    const text = `select ${schema}.apply_retention($1, $2, $3, $4) as dropped`;
    while ((await db.query<{ dropped: number }>(text, kinds))[0]!.dropped > 0);
  }

  async function rollUp(): Promise<void> {
    rolledUpAt = performance.now();
    const until = rolledUpAt + ROLL_UP_ROUND_MILLIS;
    while ((await rollUpHours()) >= hoursAtOnce)
      if (performance.now() >= until) {
        rolledUpAt = Number.NEGATIVE_INFINITY;
        return;
      }
    hoursAtOnce = HOURS_AT_ONCE;
    await db.query(`select ${schema}.refresh_latency_baselines()`);
  }

  async function rollUpHours(): Promise<number> {
    const text = `select ${schema}.roll_up_latency($1) as made`;
    // Only there: whoever ends waits for it.
    const options = hoursAtOnce === 1 ? { statementTimeoutMillis: HOUR_TIMEOUT_MILLIS } : {};
    try {
      const [row] = await db.transaction((tx) => tx.query<{ made: number }>(text, [hoursAtOnce]), options);
      return row!.made;
    } catch (error) {
      if (hoursAtOnce === 1 || !tookTooLong(error)) throw error;
      hoursAtOnce = 1;
      return hoursAtOnce;
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

function tookTooLong(error: unknown): boolean {
  return (error as { code?: unknown }).code === '57014';
}
