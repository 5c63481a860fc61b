// Batches into the tables, by the faster of two ways. COPY while nothing says that rows may be there already; it refuses
// the whole batch when one is (or when one is a count or a letter, which COPY alone would not see). Then, and after anything that
// leaves open what was committed, the insert that passes over what it finds, until a batch brought nothing but news. Either
// way a batch is one transaction.

import { type Batch, SinkError, type WriteResult } from '../../src/deliver/sink.ts';
import type { ErrorLogRow } from '../../src/record/row.ts';
import type { Db } from '../../src/store/db.ts';
import { ChunkPool } from './copy/chunk-pool.ts';
import { type Copy, copyLogs } from './copy/copy-logs.ts';
import { refuseKnown, refuseNoted } from './statements/refuse-known.ts';
import type { Statement, Target } from './statements/statement.ts';
import { StormBudget } from './storm-budget.ts';
import { type Divide, distinctById, statementsOfNews, type WriteWays, writeBatch } from './write-batch.ts';

/** Refusals of COPY that the insert did not share (row security, for one): so many, and it is not tried again. */
const MAX_REFUSALS = 3;

/** What fails where a row is known otherwise, and the rows. */
type CopyOfNews = [refusal: Statement, copy: Copy, ...Statement[]];

/** A batch, encoded. */
interface Encoded {
  rows: number;
  copy: CopyOfNews;
  /** All of it, where nothing has to be asked on the way. */
  whole?: Statement[];
}

export class BatchStore {
  readonly #db: Db;
  readonly #target: Target;
  readonly #budget: StormBudget;
  /** True when rows may be there already: a new process may repeat what another had in flight. */
  #replaying = true;
  #refusals = 0;
  readonly #pool = new ChunkPool();
  readonly #prepared = new WeakMap<Batch, Encoded | undefined>();

  constructor(db: Db, target: Target, stormRows = 0) {
    this.#db = db;
    this.#target = target;
    this.#budget = new StormBudget(target, stormRows);
  }

  /** Encodes ahead, while another batch is being written; not where rows may turn out to be part of others. */
  prepare(batch: Batch): void {
    if (this.#mayCopy(batch) && !batch.logs.some(isCarrier)) this.#prepared.set(batch, this.#encode(batch));
  }

  async write(given: Batch): Promise<WriteResult> {
    // Of carriers it is known only on the way which rows are part of others.
    const divideOnTheWay = given.logs.some(isCarrier);
    let divided = divideOnTheWay ? given : await this.#budget.divide(this.#db, given);
    const divide: Divide = async (tx, batch) => {
      divided = await this.#budget.divide(tx, batch);
      return divided;
    };
    const result = await this.#write(divided, divideOnTheWay ? divide : undefined);
    this.#budget.wrote(divided);
    return result;
  }

  async #write(batch: Batch, divide: Divide | undefined): Promise<WriteResult> {
    let copied: CopyOfNews | undefined;
    if (this.#mayCopy(batch)) {
      const ahead = divide === undefined ? this.#encodedOf(batch) : undefined;
      const copy: WriteWays['copy'] = (logs, given) => {
        copied = divide === undefined ? ahead?.copy : this.#encodeRows([...logs.values()], given);
        return copied;
      };
      try {
        let result: WriteResult;
        if (ahead?.whole === undefined) result = await this.#transaction(batch, { copy, divide });
        else {
          const { rows, whole } = ahead;
          copied = ahead.copy;
          await this.#db.transaction((tx) => tx.later(whole));
          result = { insertedLogs: rows, duplicateLogs: batch.logs.length - rows };
        }
        this.#prepared.delete(batch);
        if (copied !== undefined) this.#pool.give(copied[1].data);
        return result;
      } catch (error) {
        // What is refused without a COPY is refused for good: nothing of it is there.
        this.#replaying = copied !== undefined || !isRefusal(error);
        // Whatever the server has against the rows, the insert tells better; if it has nothing, so much the better.
        if (copied === undefined || !isRefusal(error)) throw error;
      }
    }
    const result = await this.#transaction(batch, { divide });
    this.#replaying = result.duplicateLogs > 0;
    if (copied !== undefined) this.#refusals = this.#replaying ? 0 : this.#refusals + 1;
    return result;
  }

  #transaction(batch: Batch, ways: WriteWays): Promise<WriteResult> {
    return this.#db.transaction((tx) => writeBatch(tx, this.#target, batch, ways));
  }

  #mayCopy({ logs }: Batch): boolean {
    return this.#db.kind === 'postgres' && logs.length > 0 && !this.#replaying && this.#refusals < MAX_REFUSALS;
  }

  #encodedOf(batch: Batch): Encoded | undefined {
    return this.#prepared.has(batch) ? this.#prepared.get(batch) : this.#encode(batch);
  }

  #encode(batch: Batch): Encoded | undefined {
    const logs = [...distinctById(batch.logs).values()];
    const copy = this.#encodeRows(logs);
    if (copy === undefined) return undefined;
    const twice = batch.logs.length - logs.length;
    const asks = twice + batch.absorbed.length + batch.counts.length + batch.amendments.length > 0;
    const whole = asks ? undefined : unlessPoison(() => statementsOfNews(this.#target, batch, logs, copy));
    return { rows: logs.length, copy, ...(whole && { whole }) };
  }

  /** Nothing where only Postgres can tell what a value means. */
  #encodeRows(logs: readonly ErrorLogRow[], given = logs): CopyOfNews | undefined {
    return unlessPoison(() => {
      const copy = copyLogs(this.#target, logs, this.#pool);
      return copy === undefined
        ? undefined
        : [refuseKnown(this.#target, given), copy, ...refuseNoted(this.#target, logs)];
    });
  }
}

/** The slow way meets the same value, and says what is wrong with it. */
function unlessPoison<T>(encode: () => T): T | undefined {
  try {
    return encode();
  } catch {
    return undefined;
  }
}

function isCarrier({ occurrence }: ErrorLogRow): boolean {
  return occurrence !== undefined;
}

/** SQLSTATE classes in which the server says no to what it was given, and not that it cannot do it now; or it was not asked. */
function isRefusal(error: unknown): boolean {
  if (error instanceof SinkError) return error.kind === 'poison';
  const { code } = error as { code?: unknown };
  return (
    typeof code === 'string' && /^(0A|08P01|2[0-9]|42|54|P0)/.test(code) && code !== '25006' && !code.startsWith('28')
  );
}
